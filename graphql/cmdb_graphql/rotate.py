"""POST /rotate: an agent's next key, vouched for by its present one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb_graphql import body
from cmdb_graphql.enrol import MOST, bytes_of, texts
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services
from cmdb_graphql.signatures import Signatures


def router(services: Services) -> APIRouter:
    """The route; the signature is checked before a byte of the body is read."""
    made = APIRouter()
    signatures = Signatures(services.enrolment)

    @made.post("/rotate")
    @policy(Policy.AGENT)
    async def rotate(request: Request) -> Response:
        signed = signatures.check(request)
        body.need_json(request)
        sent = await body.read(request, MOST)
        signed.check_body(sent)
        fields = texts(sent)
        key, proof = bytes_of(fields, "public_key"), bytes_of(fields, "proof")
        key_id = await run_in_threadpool(services.enrolment.rotate, signed.key_id, key, proof)
        return json(200, {"key_id": key_id})

    return made
