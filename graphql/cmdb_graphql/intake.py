"""POST /snapshots: an agent's report, signed, checked, durable, then 202."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb import ingest
from cmdb.errors import EpicentreError, Forbidden
from cmdb.words import Snapshot
from cmdb_graphql import body
from cmdb_graphql.errors import code_of, json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services
from cmdb_graphql.signatures import Signatures, Signed

LARGE = 16 * 1024
"""Reports above this many bytes as sent are read in a thread, so that a large one does not hold up the small ones."""
LARGE_AT_ONCE = 2
"""A report takes some ten times its bytes while it is read."""
BUDGET = 64 * 1024 * 1024
"""Bytes of reports in memory at one time, but always room for two of the largest."""


def router(services: Services) -> APIRouter:
    """The route, with its own limits of what is in memory at once."""
    made = APIRouter()
    intake = Intake(services)

    @made.post("/snapshots")
    @policy(Policy.AGENT)
    async def snapshots(request: Request) -> Response:
        try:
            return await intake.take(request)
        except EpicentreError as error:
            services.metrics.received(code_of(error))
            raise

    return made


class Intake:
    """Takes reports: who, then the bytes, then what they say, then the disk."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._signatures = Signatures(services.enrolment)
        self._most = services.settings.report_max_mib * 1024 * 1024
        self._budget = body.Budget(max(BUDGET, 4 * self._most))
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def take(self, request: Request) -> Response:
        """202 when it is on disk, 200 when it was before; else one of our errors."""
        signed = self._signatures.check(request)
        body.need_json(request)
        with self._budget.share() as share:
            sent = await body.read(request, self._most, share)
            plain, snapshot = await self._open(signed, sent, request.headers.get("content-encoding"))
            share.take(len(plain) if plain is not sent else 0)
            if not self._services.enrolment.speaks_for(signed.node, snapshot.node):
                raise Forbidden(f"agent {signed.node} reports about itself only, not about {snapshot.node}")
            # Requests are counted by whom they are about: a collector's places are reported side by side, and a
            # report of one cannot be repeated for another, for its bytes are signed.
            receipt = await self._services.inbox.accept_async(snapshot.node, signed.counter, snapshot, plain)
        self._services.metrics.received(receipt.status)
        status = 200 if receipt.status == "known" else 202
        return json(status, {"report_id": receipt.report_id, "seq": receipt.seq})

    async def _open(self, signed: Signed, sent: bytes, encoding: str | None) -> tuple[bytes, Snapshot]:
        if len(sent) <= LARGE:
            return self._read(signed, sent, encoding)
        async with self._large:
            return await run_in_threadpool(self._read, signed, sent, encoding)

    def _read(self, signed: Signed, sent: bytes, encoding: str | None) -> tuple[bytes, Snapshot]:
        signed.check_body(sent)
        plain = body.unpack(sent, encoding, self._most)
        return plain, ingest.parse(plain)
