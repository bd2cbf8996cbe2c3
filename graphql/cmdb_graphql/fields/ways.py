"""Dependencies of several CIs, and the way between two."""

from __future__ import annotations

from typing import Annotated

import strawberry

from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.types import Dependency


@question()
async def dependencies(info: Info, of: list[strawberry.ID], types: list[str] | None = None) -> list[Dependency]:
    """What these CIs depend on, one hop."""
    edges = await blocking(info.context.services.store.edges, [str(ci) for ci in of[:100]], "out", types)
    return [Dependency.of(edge) for edge in edges]


@question()
async def dependents(info: Info, of: list[strawberry.ID], types: list[str] | None = None) -> list[Dependency]:
    """What depends on these CIs, one hop."""
    edges = await blocking(info.context.services.store.edges, [str(ci) for ci in of[:100]], "in", types)
    return [Dependency.of(edge) for edge in edges]


@question()
async def path(
    info: Info,
    from_: Annotated[strawberry.ID, strawberry.argument(name="from")],
    to: strawberry.ID,
    max_hops: int = 8,
    as_of: int | None = None,
) -> list[Dependency] | None:
    """A shortest chain of dependencies from one CI to another, or null when there is none within `maxHops`."""
    edges = await blocking(info.context.services.store.path, str(from_), str(to), max_hops, as_of)
    return None if edges is None else [Dependency.of(edge) for edge in edges]
