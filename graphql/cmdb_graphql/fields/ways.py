"""Dependencies of several CIs, and the way between two."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from cmdb.cypher.around import Way
from cmdb.errors import TooLarge
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question, readable_by, whole
from cmdb_graphql.cursors import read_texts
from cmdb_graphql.moment import AsOf, OfThen
from cmdb_graphql.proposed import Asked, Proposed, ProposedInput, asked
from cmdb_graphql.types import After, Dependency, DependencyConnection, First, existing, page_size

TYPES = {"types": "Names of relations, to follow these only."}
Start = Annotated[
    strawberry.ID, strawberry.argument(name="from", description="The id of the dependent the way starts at.")
]


@question(Role.READER, arguments=TYPES)
async def dependencies(
    info: Info, of: list[strawberry.ID], types: list[str] | None = None, as_of: AsOf = None,
    first: First = 50, after: After = None, proposed: Proposed = None,
) -> DependencyConnection:  # fmt: skip
    """What these CIs depend on, one hop."""
    return await _hops(info, of, "out", types, as_of, proposed, first, after)


@question(Role.READER, arguments=TYPES)
async def dependents(
    info: Info, of: list[strawberry.ID], types: list[str] | None = None, as_of: AsOf = None,
    first: First = 50, after: After = None, proposed: Proposed = None,
) -> DependencyConnection:  # fmt: skip
    """What depends on these CIs, one hop."""
    return await _hops(info, of, "in", types, as_of, proposed, first, after)


async def _hops(
    info: Info, of: list[strawberry.ID], way: Way, types: list[str] | None, as_of: Any, proposed: ProposedInput | None,
    first: int, after: str | None,
) -> DependencyConnection:  # fmt: skip
    size, behind, state = page_size(first), read_texts(after, 2), await asked(info, as_of, proposed)
    ids = await existing(info, of, loaders=state.loaders if state.posed else None)
    pages = await blocking(state.store.edges_of, ids, way, size, behind, types, state.at)
    edges = sorted((edge for page in pages.values() for edge in page), key=lambda edge: edge.place)
    return DependencyConnection.of(edges, size, state.at)


WAY = {"to": "The id of the dependency it should reach.", "maxHops": "At most this many hops, 1 to 8."}
MOST_PATHS = 10


@readable_by(Role.READER)
@strawberry.type(description="One chain of dependencies between two CIs.")
class Path:
    """A path."""

    hops: int = strawberry.field(description="How many hops it has.")
    edges: list[Dependency] = strawberry.field(
        description="Its hops, each with its evidence and age.", metadata=whole("it has at most 8 hops")
    )


@readable_by(Role.READER)
@strawberry.type(description="The shortest ways between two CIs.")
class PathConnection(OfThen):
    """Paths."""

    nodes: list[Path] = strawberry.field(description="The ways, shortest first, in an order that stays.")


@question(Role.READER, arguments=WAY, complete="it has at most 8 hops")
async def path(
    info: Info, from_: Start, to: strawberry.ID, max_hops: int = 8, as_of: AsOf = None, proposed: Proposed = None
) -> list[Dependency] | None:
    """A shortest chain of dependencies from one CI to another, or null when there is none within `maxHops`."""
    state = await asked(info, as_of, proposed)
    source, target = await _ends(info, from_, to, state)
    edges = await blocking(state.store.path, source, target, max_hops, state.at)
    return None if edges is None else [Dependency.of(edge) for edge in edges]


@question(Role.READER, arguments={**WAY, "first": "At most this many ways, 1 to 10."})
async def paths(
    info: Info,
    from_: Start,
    to: strawberry.ID,
    first: int = 3,
    max_hops: int = 8,
    as_of: AsOf = None,
    proposed: Proposed = None,
) -> PathConnection:
    """The shortest chains of dependencies from one CI to another that pass no CI twice, each hop with its evidence.

    Of equally long ones the first by the ids of their edges.
    """
    if not 1 <= first <= MOST_PATHS:
        raise TooLarge(f"1 to {MOST_PATHS} ways, not {first}", where="first")
    state = await asked(info, as_of, proposed)
    source, target = await _ends(info, from_, to, state)
    found = await blocking(state.store.paths, source, target, first, max_hops, state.at)
    nodes = [Path(hops=len(edges), edges=[Dependency.of(edge) for edge in edges]) for edges in found.paths]
    return PathConnection(nodes=nodes, cut=found.truncated, at=state.at)


async def _ends(info: Info, source: strawberry.ID, target: strawberry.ID, state: Asked) -> tuple[str, str]:
    """Both ends, each known here; one round trip."""
    loaders = state.loaders if state.posed else info.context.loaders
    await loaders.ci.load_many([str(source), str(target)])
    (one,), (other,) = await existing(info, [source], "from", loaders), await existing(info, [target], "to", loaders)
    return one, other
