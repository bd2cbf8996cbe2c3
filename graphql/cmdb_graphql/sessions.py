"""POST /login and /logout: a person with name and password, for twelve hours."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb.accounts import SESSION_LIFE
from cmdb.errors import Overloaded
from cmdb.words import Principal
from cmdb_graphql.auth import cookie_name, need_safe_way, principal, secure, session_text
from cmdb_graphql.enrol import fields_of, need
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services

WAITING = 16
"""Logins that may wait for their turn. A password check is meant to be slow; it must not hold up everything else."""


def router(services: Services) -> APIRouter:
    """The routes, with their own limit of passwords checked at once."""
    made = APIRouter()
    accounts = services.accounts
    turn = asyncio.Semaphore(2)
    waiting = 0

    async def check(name: str, password: str) -> str:
        nonlocal waiting
        if waiting >= WAITING:
            raise Overloaded("too many logins at once", retry_after=2.0)
        waiting += 1
        try:
            async with turn:
                return await run_in_threadpool(accounts.login, name, password)
        finally:
            waiting -= 1

    @made.post("/login")
    @policy(Policy.TOKEN)
    async def login(request: Request) -> Response:
        """Name and password for a session: a cookie for the browser, the same as a bearer token for programs."""
        need_safe_way(request)
        fields = await fields_of(request)
        text = await check(need(fields, "name"), need(fields, "password"))
        seconds = int(SESSION_LIFE.total_seconds())
        response = json(200, {"name": fields["name"], "token": text, "expires_in": seconds})
        response.set_cookie(
            cookie_name(request), text, seconds, path="/", secure=secure(request), httponly=True, samesite="lax"
        )
        return response

    @made.post("/logout")
    @policy(Policy.PERSON)
    async def logout(request: Request, _who: Principal = Depends(principal)) -> Response:  # noqa: B008  # FastAPI's way
        """End the session that asks."""
        response = json(200, {})
        if text := session_text(request):
            await run_in_threadpool(accounts.logout, text)
            response.delete_cookie(
                cookie_name(request), path="/", secure=secure(request), httponly=True, samesite="lax"
            )
        return response

    return made
