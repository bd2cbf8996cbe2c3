"""GET /livez, /readyz, /metrics: whether it lives, whether it can work, and how much it did."""

from __future__ import annotations

import anyio
from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb.errors import Forbidden
from cmdb.words import Principal, Role
from cmdb_graphql.auth import principal, services_of
from cmdb_graphql.errors import json
from cmdb_graphql.policy import Policy, policy

router = APIRouter()


@router.get("/livez")
@policy(Policy.OPEN)
async def livez() -> Response:
    """The event loop turns; nothing else is looked at."""
    return json(200, {"live": True})


@router.get("/readyz")
@policy(Policy.OPEN)
async def readyz(request: Request) -> Response:
    """Reports can be taken and questions answered; else 503, and which part is missing."""
    services = services_of(request)
    parts = {"inbox": await run_in_threadpool(services.inbox.writable), "neo4j": False}
    with anyio.move_on_after(1.0):
        parts["neo4j"] = await anyio.to_thread.run_sync(services.store.ping, abandon_on_cancel=True)
    ready = all(parts.values())
    return json(200 if ready else 503, {"ready": ready, **parts}, {} if ready else {"Retry-After": "2"})


@router.get("/metrics")
@policy(Policy.PERSON)
async def metrics(request: Request, who: Principal = Depends(principal)) -> Response:  # noqa: B008  # FastAPI's way
    """Prometheus text."""
    if not who.may(Role.VIEWER):
        raise Forbidden("metrics need the role viewer")
    services = services_of(request)
    inbox = services.inbox
    held, poison = await run_in_threadpool(inbox.held), await run_in_threadpool(inbox.quarantine)
    text = services.metrics.text(inbox.depth(), len(held), len(poison))
    return Response(text, media_type="text/plain; version=0.0.4")
