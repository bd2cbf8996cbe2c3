"""The HTTP application: routes, policies, headers, errors."""

from __future__ import annotations

import time

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdb_graphql import (
    discoveries,
    downloads,
    endpoint,
    enrol,
    errors,
    export,
    health,
    intake,
    inventory,
    live,
    policy,
    rotate,
    sessions,
)
from cmdb_graphql.metrics import Metrics
from cmdb_graphql.services import Services

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer, unless a route says something else."""


def create_app(services: Services) -> FastAPI:
    """The application over these parts. It does not start with a route or field that has no policy."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.services = services
    errors.install(app)
    app.include_router(intake.router(services))
    app.include_router(discoveries.router(services))
    app.include_router(enrol.router)
    app.include_router(inventory.router(services))
    app.include_router(rotate.router(services))
    app.include_router(sessions.router(services))
    app.include_router(health.router(services))
    app.include_router(endpoint.router(services))
    app.include_router(export.router(services))
    app.include_router(live.router(services))
    app.include_router(downloads.router(services))
    policy.policies(app)
    app.add_middleware(Outermost, metrics=services.metrics)
    return app


class Outermost:
    """Around every route: headers, the time taken, and an answer even to what nobody expected.

    Plain ASGI: the convenient kind of middleware costs several times what it does here.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # the caller gets a reference, the log the story
            masked = errors.masked(error)
            if not status:
                await errors.json(500, {"error": masked})(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "none")  # not the path: anybody may invent paths
            self._metrics.request(route, status, time.perf_counter() - begun)
