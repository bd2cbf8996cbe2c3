"""POST /enrol: a new agent proves that it holds a token and a key."""

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
from cmdb_graphql.auth import services_of
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy

router = APIRouter()
MOST = 8 * 1024


async def fields_of(request: Request) -> dict[str, str]:
    """A small JSON object of texts."""
    body.need_json(request)
    return texts(await body.read(request, MOST))


def texts(sent: bytes) -> dict[str, str]:
    """A JSON object of texts, from its bytes."""
    try:
        fields: Any = orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    if not isinstance(fields, dict) or not all(isinstance(v, str) for v in fields.values()):
        raise Invalid("expected an object of texts", where="$")
    return fields


def need(fields: dict[str, str], name: str) -> str:
    """The text of that name."""
    if not fields.get(name):
        raise Invalid("is missing", where=f"$.{name}")
    return fields[name]


def bytes_of(fields: dict[str, str], name: str) -> bytes:
    """The bytes of that name, which travel as base64."""
    try:
        return base64.b64decode(need(fields, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("is not base64", where=f"$.{name}") from error


@router.post("/enrol")
@policy(Policy.TOKEN)
async def enrol(request: Request) -> Response:
    """First without `challenge`: one is returned. Then with it and its signature: the node's id is returned."""
    enrolment = services_of(request).enrolment
    fields = await fields_of(request)
    token, key = need(fields, "token"), bytes_of(fields, "public_key")
    if "challenge" not in fields:
        challenge = await run_in_threadpool(enrolment.challenge, token, key)
        return json(200, {"challenge": base64.b64encode(challenge).decode()})
    proof = (bytes_of(fields, "challenge"), bytes_of(fields, "signature"))
    node = await run_in_threadpool(enrolment.enrol, token, key, *proof)
    return json(201, {"node": node, "key_id": node})
