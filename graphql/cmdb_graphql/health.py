"""GET /livez, /readyz, /metrics: whether it lives, whether it can work, and how much it did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb.errors import Forbidden
from cmdb.words import Principal, Role
from cmdb_graphql.auth import principal
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services

PATIENCE = 1.0
"""Seconds a part may take to answer, and seconds an answer holds."""


def router(services: Services) -> APIRouter:
    """The routes of one server."""
    made = APIRouter()
    parts = {"inbox": Probe(services.inbox.writable), "neo4j": Probe(services.store.ping)}

    @made.get("/livez")
    @policy(Policy.OPEN)
    async def livez() -> Response:
        """The event loop turns; nothing else is looked at."""
        return json(200, {"live": True})

    @made.get("/readyz")
    @policy(Policy.OPEN)
    async def readyz() -> Response:
        """Reports can be taken and questions answered; else 503, and which part is missing."""
        names, answers = list(parts), await asyncio.gather(*(part.ok() for part in parts.values()))
        ready = all(answers)
        found = {"ready": ready, **dict(zip(names, answers, strict=True))}
        return json(200 if ready else 503, found, {} if ready else {"Retry-After": "2"})

    @made.get("/metrics")
    @policy(Policy.PERSON)
    async def metrics(who: Principal = Depends(principal)) -> Response:  # noqa: B008  # FastAPI's way
        """Prometheus text."""
        if not who.may(Role.VIEWER):
            raise Forbidden("metrics need the role viewer")
        return Response(services.metrics.text(services.inbox.counts()), media_type="text/plain; version=0.0.4")

    return made


class Probe:
    """Asks one part whether it works: once at a time whoever wants to know, and anybody may ask."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._asking: asyncio.Future[bool] | None = None
        self._at = 0.0

    async def ok(self) -> bool:
        """Whether it answered yes within PATIENCE seconds; an answer of the last PATIENCE seconds counts."""
        stale = time.monotonic() - self._at > PATIENCE
        if self._asking is None or (self._asking.done() and stale):
            self._asking = asyncio.ensure_future(run_in_threadpool(self._ask))
            self._at = time.monotonic()
        await asyncio.wait({self._asking}, timeout=PATIENCE)
        return self._asking.done() and self._asking.exception() is None and self._asking.result()
