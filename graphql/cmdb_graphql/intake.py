"""POST /snapshots: an agent's report, signed, checked, durable, then 202."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb import ingest
from cmdb.errors import EpicentreError, Forbidden, Overloaded
from cmdb_graphql import body
from cmdb_graphql.auth import services_of
from cmdb_graphql.errors import code_of, json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services
from cmdb_graphql.signatures import Signatures

LARGE = 64 * 1024
"""Reports above this many bytes are parsed in a thread, so that a large one does not hold up the small ones."""
AT_ONCE = 64
"""Bodies in memory at one time."""


def router(services: Services) -> APIRouter:
    """The route, with its own limit of bodies at once."""
    made = APIRouter()
    signatures = Signatures(services.enrolment)
    busy = 0

    @made.post("/snapshots")
    @policy(Policy.AGENT)
    async def snapshots(request: Request) -> Response:
        nonlocal busy
        if busy >= AT_ONCE:
            raise Overloaded("too many reports at once", retry_after=5.0)
        busy += 1
        try:
            return await _take(request, signatures)
        except EpicentreError as error:
            services.metrics.received(code_of(error))
            raise
        finally:
            busy -= 1

    return made


async def _take(request: Request, signatures: Signatures) -> Response:
    services = services_of(request)
    most = services.settings.report_max_mib * 1024 * 1024
    sent = await body.read(request, most)
    signed = signatures.check(request, sent)  # over the raw bytes, before anything looks inside
    body.need_json(request)
    plain = body.unpack(sent, request.headers.get("content-encoding"), most)
    snapshot = ingest.parse(plain) if len(plain) < LARGE else await run_in_threadpool(ingest.parse, plain)
    if snapshot.node != signed.node:
        raise Forbidden(f"agent {signed.node} reports about itself only, not about {snapshot.node}")
    receipt = await services.inbox.accept_async(signed.node, signed.counter, snapshot, plain)
    services.metrics.received(receipt.status)
    status = 200 if receipt.status == "known" else 202
    return json(status, {"report_id": receipt.report_id, "seq": receipt.seq})
