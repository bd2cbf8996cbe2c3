"""Who may call a route: each says so itself, and the application does not start while one is silent."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from fastapi import FastAPI

from cmdb.errors import DeclarationError
from cmdb_graphql.auth import principal

F = TypeVar("F", bound=Callable[..., Any])


class Policy(StrEnum):
    """What a route asks of its caller."""

    OPEN = "open"  # nobody needs to be known
    TOKEN = "token"  # noqa: S105  # no secret: proves itself by what the body carries (enrolment token, password)
    AGENT = "agent"  # an enrolled agent's signature
    SITE = "site"  # a site's token, good for inventories alone
    PERSON = "person"  # a session or an API token


def policy(which: Policy) -> Callable[[F], F]:
    """Declare a route's policy."""

    def mark(function: F) -> F:
        function.__policy__ = which  # type: ignore[attr-defined]  # a mark on our own function
        return function

    return mark


def policies(app: FastAPI) -> dict[tuple[str, str], Policy]:
    """Every (method, path) with its policy; a route without one is a defect that stops the start."""
    found: dict[tuple[str, str], Policy] = {}
    for route in _routes(app.routes):
        for method in sorted(getattr(route, "methods", None) or {"WEBSOCKET"}):
            which = getattr(getattr(route, "endpoint", None), "__policy__", None)
            if which is None:
                raise DeclarationError(f"{method} {getattr(route, 'path', route)} declares no policy")
            if which is Policy.PERSON and principal not in _asked(route.dependant):
                raise DeclarationError(f"{method} {route.path} is for persons and does not ask who it is")
            found[method, route.path] = which
    return found


def _asked(dependant: Any) -> list[Any]:
    """What a route asks before it runs."""
    return [one for inner in dependant.dependencies for one in (inner.call, *_asked(inner))]


def _routes(routes: list[Any]) -> list[Any]:
    """Routes, also those inside included routers."""
    found: list[Any] = []
    for route in routes:
        inner = getattr(getattr(route, "original_router", route), "routes", None)
        found += [route] if inner is None else _routes(list(inner))  # an included router may be empty
    return found
