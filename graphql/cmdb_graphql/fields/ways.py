"""Dependencies of several CIs, and the way between two."""

from __future__ import annotations

from typing import Annotated

import strawberry

from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.moment import AsOf, pinned
from cmdb_graphql.types import Dependency, existing

TYPES = {"types": "Names of relations, to follow these only."}
Start = Annotated[
    strawberry.ID, strawberry.argument(name="from", description="The id of the dependent the way starts at.")
]


@question(Role.READER, arguments=TYPES)
async def dependencies(
    info: Info, of: list[strawberry.ID], types: list[str] | None = None, as_of: AsOf = None
) -> list[Dependency]:
    """What these CIs depend on, one hop."""
    return await _hops(info, of, "out", types, await pinned(info, as_of))


@question(Role.READER, arguments=TYPES)
async def dependents(
    info: Info, of: list[strawberry.ID], types: list[str] | None = None, as_of: AsOf = None
) -> list[Dependency]:
    """What depends on these CIs, one hop."""
    return await _hops(info, of, "in", types, await pinned(info, as_of))


async def _hops(
    info: Info, of: list[strawberry.ID], way: str, types: list[str] | None, at: int | None
) -> list[Dependency]:
    ids = await existing(info, of)
    return [Dependency.of(edge) for edge in await blocking(info.context.services.store.edges, ids, way, types, at)]


WAY = {"to": "The id of the dependency it should reach.", "maxHops": "At most this many hops, 1 to 8."}


@question(Role.READER, arguments=WAY)
async def path(
    info: Info, from_: Start, to: strawberry.ID, max_hops: int = 8, as_of: AsOf = None
) -> list[Dependency] | None:
    """A shortest chain of dependencies from one CI to another, or null when there is none within `maxHops`."""
    source, target = await existing(info, [from_], "from"), await existing(info, [to], "to")
    at = await pinned(info, as_of)
    edges = await blocking(info.context.services.store.path, source[0], target[0], max_hops, at)
    return None if edges is None else [Dependency.of(edge) for edge in edges]
