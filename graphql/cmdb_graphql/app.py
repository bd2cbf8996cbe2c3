"""The HTTP application: routes, policies, headers, errors."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from starlette.responses import Response

from cmdb_graphql import endpoint, enrol, errors, health, intake, policy
from cmdb_graphql.services import Services

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def create_app(services: Services) -> FastAPI:
    """The application over these parts. It does not start with a route or field that has no policy."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.services = services
    errors.install(app)
    app.include_router(intake.router(services))
    app.include_router(enrol.router)
    app.include_router(health.router)
    app.include_router(endpoint.router(services))
    policy.policies(app)

    @app.middleware("http")
    async def observe(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        try:
            response = await call(request)
        except Exception as error:  # what nobody expected: the caller gets a reference, the log the story
            response = errors.json(500, {"error": errors.masked(error)})
        response.headers.update(HEADERS)
        route = getattr(request.scope.get("route"), "path", "none")  # not the path: anybody may invent paths
        services.metrics.request(route, response.status_code, time.perf_counter() - started)
        return response

    return app
