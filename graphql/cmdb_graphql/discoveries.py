"""POST /discoveries: a collector tells its targets and runs, and hears which of its targets people want run now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb.discoveries import MAX_BODY, parse
from cmdb.errors import Forbidden, Unavailable
from cmdb_graphql import body
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services
from cmdb_graphql.signatures import Signatures


def router(services: Services) -> APIRouter:
    """The route."""
    made = APIRouter()
    signatures = Signatures(services.enrolment)

    @made.post("/discoveries")
    @policy(Policy.AGENT)
    async def discoveries(request: Request) -> Response:
        signed = signatures.check(request)
        body.need_json(request)
        sent = await body.read(request, MAX_BODY)
        signed.check_body(sent)
        if services.discoveries is None:
            raise Unavailable("this server keeps no runs of collectors")
        if not services.enrolment.speaks_for(signed.node, f"{signed.node}:x"):
            raise Forbidden(f"agent {signed.node} is no collector: enrol it with `epicentre agents token --collector`")
        plain = await run_in_threadpool(body.unpack, sent, request.headers.get("content-encoding"), MAX_BODY)
        runs, targets = await run_in_threadpool(parse, plain)
        asked = await run_in_threadpool(services.discoveries.take, signed.node, signed.counter, runs, targets)
        return json(200, {"asked": asked})

    return made
