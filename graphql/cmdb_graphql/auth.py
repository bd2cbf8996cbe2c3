"""Which person asks: an API token, or a browser session."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from cmdb.errors import Forbidden, NotAuthenticated
from cmdb.words import Principal
from cmdb_graphql.services import Services

COOKIE = "epicentre"


def services_of(request: Request) -> Services:
    """The parts of the server this request came to."""
    return cast(Services, request.app.state.services)


def cookie_name(request: Request) -> str:
    """`__Host-` binds the cookie to this origin, but browsers accept it over TLS only."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


async def principal(request: Request) -> Principal:
    """Who asks. A token needs nothing else; a session must prove that our own page sent the request."""
    accounts = services_of(request).accounts
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await run_in_threadpool(accounts.authenticate, token.strip())
    session = request.cookies.get(cookie_name(request))
    if session is None:
        raise NotAuthenticated("log in, or send an API token: Authorization: Bearer epi_…")
    _same_origin(request)
    return await run_in_threadpool(accounts.session, session)


def _same_origin(request: Request) -> None:
    # A foreign page can make a browser send our cookie, but neither this header nor our origin.
    if request.headers.get("x-epicentre") != "1":
        raise Forbidden("requests with a session carry the header X-Epicentre: 1")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.url.netloc:
        raise Forbidden("this request comes from another site")
