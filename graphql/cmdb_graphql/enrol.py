"""POST /enrol: a new agent proves that it holds a token and a key. POST /login, /logout: a person at a browser."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb.errors import Invalid
from cmdb_graphql import body
from cmdb_graphql.auth import cookie_name, services_of
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy

router = APIRouter()
_MOST = 8 * 1024


async def _fields(request: Request) -> dict[str, str]:
    body.need_json(request)
    try:
        fields: Any = orjson.loads(await body.read(request, _MOST))
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    if not isinstance(fields, dict) or not all(isinstance(v, str) for v in fields.values()):
        raise Invalid("expected an object of texts", where="$")
    return fields


def _need(fields: dict[str, str], name: str) -> str:
    if not fields.get(name):
        raise Invalid("is missing", where=f"$.{name}")
    return fields[name]


def _bytes(fields: dict[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(_need(fields, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("is not base64", where=f"$.{name}") from error


@router.post("/enrol")
@policy(Policy.TOKEN)
async def enrol(request: Request) -> Response:
    """First without `challenge`: one is returned. Then with it and its signature: the node's id is returned."""
    enrolment = services_of(request).enrolment
    fields = await _fields(request)
    token, key = _need(fields, "token"), _bytes(fields, "public_key")
    if "challenge" not in fields:
        challenge = await run_in_threadpool(enrolment.challenge, token, key)
        return json(200, {"challenge": base64.b64encode(challenge).decode()})
    proof = (_bytes(fields, "challenge"), _bytes(fields, "signature"))
    node = await run_in_threadpool(enrolment.enrol, token, key, *proof)
    return json(201, {"node": node, "key_id": node})


@router.post("/login")
@policy(Policy.TOKEN)
async def login(request: Request) -> Response:
    """Name and password for a session cookie."""
    fields = await _fields(request)
    name, password = _need(fields, "name"), _need(fields, "password")
    text = await run_in_threadpool(services_of(request).accounts.login, name, password)
    response = json(200, {"name": name})
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_name(request), text, httponly=True, samesite="lax", secure=secure, path="/")
    return response


@router.post("/logout")
@policy(Policy.TOKEN)
async def logout(request: Request) -> Response:
    """End the session whose cookie is sent; without one there is nothing to end."""
    if text := request.cookies.get(cookie_name(request)):
        await run_in_threadpool(services_of(request).accounts.logout, text)
    response = json(200, {})
    response.delete_cookie(cookie_name(request), path="/")
    return response
