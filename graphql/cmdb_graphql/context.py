"""What every resolver is given: the services, who asks, and this request's loaders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

import strawberry
from anyio import to_thread
from strawberry.types.field import StrawberryField

from cmdb.words import Principal, Role
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.services import Services

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """One request."""

    services: Services
    principal: Principal
    loaders: Loaders


Info = strawberry.Info[Context, None]


async def blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call (store, inbox, accounts) in a thread."""
    return await to_thread.run_sync(partial(function, *args, **kwargs))


@dataclass(frozen=True, slots=True)
class Root:
    """A field of Query or Mutation with the role it needs."""

    name: str
    kind: str  # "query" | "mutation"
    policy: Role
    field: StrawberryField


def question(policy: Role = Role.VIEWER, *, name: str | None = None) -> Callable[[Callable[..., Any]], Root]:
    """Declare a field of Query; the function's docstring is its description."""
    return partial(_root, "query", policy, name)


def command(policy: Role, *, name: str | None = None) -> Callable[[Callable[..., Any]], Root]:
    """Declare a field of Mutation; the function's docstring is its description."""
    return partial(_root, "mutation", policy, name)


def _root(kind: str, policy: Role, name: str | None, function: Callable[..., Any]) -> Root:
    public = name or camel(function.__name__)
    function.__name__ = public  # strawberry keeps fields by their function's name, and generated ones share theirs
    description = (function.__doc__ or "").strip()
    field = strawberry.field(resolver=function, name=public, description=description, metadata={"policy": policy})
    return Root(public, kind, policy, field)


def camel(name: str) -> str:
    """snake_case to camelCase, as GraphQL names are."""
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in tail)
