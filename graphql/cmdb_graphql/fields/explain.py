"""The reverse question: what explains these symptoms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import strawberry

from cmdb import availability as engine
from cmdb.applier import utc_now
from cmdb.errors import Invalid, UnknownName
from cmdb.projection import State
from cmdb.store import Slice, Store
from cmdb.store.slices import MOST, Beginning, cut
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.explanation_answer import ExplanationAnswer, explanation_answer
from cmdb_graphql.fields.impact import model_from
from cmdb_graphql.moment import AsOf, pinned
from cmdb_graphql.services import Services
from cmdb_graphql.types import named

Symptoms = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of CIs that are seen down, 1 to 100.")
]
Healthy = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="The ids of CIs that are known to be well.")
]
Days = Annotated[float, strawberry.argument(description="Changes of so many days back count, 0 to 366.")]
Hops = Annotated[
    int, strawberry.argument(description="Also those so many dependencies below a candidate, 0 to 8; each halves.")
]
MOST_CANDIDATES = 2_000
"""CIs below the symptoms whose whole effect, and whose changes, are looked at."""


@question(Role.VIEWER)
async def explain(
    info: Info, symptoms: Symptoms, healthy: Healthy = None, days: Days = 7.0, hops: Hops = 2, as_of: AsOf = None
) -> ExplanationAnswer:
    """The smallest sets of CIs whose failure explains all symptoms and would leave the healthy ones well.

    Sets of one size are ranked by what was changed near them lately, then by how few others they hit.
    """
    if not (0 <= days <= 366 and 0 <= hops <= 8):
        raise Invalid(f"look 0 to 366 days back and 0 to 8 hops around, not {days:g} and {hops}", where="days")
    store, at = info.context.services.store, await pinned(info, as_of)
    ill, well = named(symptoms, "symptoms"), named(healthy, "healthy") if healthy else []
    begun = await blocking(store.begin, [*ill, *well], at, context=False)
    _check(ill, well, begun)
    seen = await blocking(_seen, info.context.services, [*ill, *well], begun.sequence, at)
    if unknown := [ci for ci in (*ill, *well) if ci not in seen.part.nodes]:
        raise UnknownName(f"there is no CI {unknown[0]!r}", where="of")
    info.context.loaders.prime([*seen.part.nodes.values(), *seen.part.beside.values()])
    changes = await blocking(store.lately, seen.candidates, 24 * days, utc_now(), at) if days else {}
    scores = {ci: float(len(entries)) for ci, entries in changes.items()}
    found = await blocking(lambda: engine.explain(model_from(seen.part), ill, well, scores, hops=hops))
    return explanation_answer(seen.part, found, changes, seen.truncated)


def _check(ill: list[str], well: list[str], begun: Beginning) -> None:
    for where, ids in (("symptoms", ill), ("healthy", well)):
        if unknown := [ci for ci in ids if ci not in begun.nodes]:
            raise UnknownName(f"there is no CI {unknown[0]!r}", where=where)
    if both := sorted({*ill} & {*well}):
        raise Invalid(f"{both[0]!r} cannot show symptoms and be healthy", where="healthy")


@dataclass(frozen=True, slots=True)
class _Seen:
    """The CIs that could be at fault, and the part of the graph below the symptoms and above these."""

    part: Slice
    candidates: list[str]
    truncated: tuple[str | None, str | None]


def _seen(services: Services, ids: list[str], sequence: int, at: int | None) -> _Seen:
    state = services.projection.at(sequence) if services.projection else None
    if state is None:
        return _by_levels(services.store, ids, at)
    return _by_projection(services.store, state, ids, sequence, at)


def _by_projection(store: Store, state: State, ids: list[str], sequence: int, at: int | None) -> _Seen:
    """By the projection, where it is far enough: one round trip, one more where anything is redundant."""
    below = state.needs(ids, sequence, MOST)
    candidates = sorted(below.ids)[:MOST_CANDIDATES]
    reached = state.reach(candidates, sequence)
    above = reached.within(MOST)
    part = store.slice_of(dict.fromkeys([*below.ids, *above.ids]), sequence, None, then=at)
    down, up = set(below.ids), set(above.ids)
    edges = tuple(edge for edge in part.edges if edge.source in down or edge.target in up)
    short = cut(MOST) if len(above) < len(reached) else part.truncated
    why = (cut(MOST) if below.cut else part.truncated, _unknown(candidates, len(down)) or short)
    return _Seen(replace(part, edges=edges), candidates, why)


def _by_levels(store: Store, ids: list[str], at: int | None) -> _Seen:
    """The same from the graph: a round trip a level, down and up."""
    part = store.needed(ids, at)
    candidates = sorted(part.nodes)[:MOST_CANDIDATES]
    above = store.reach(candidates, part.sequence if at is None else at, context=False)
    edges = {edge.id: edge for edge in (*above.edges, *part.edges)}
    nodes, beside = {**above.nodes, **part.nodes}, {**above.beside, **part.beside}
    both = replace(part, nodes=nodes, edges=tuple(edges.values()), beside=beside)
    return _Seen(both, candidates, (part.truncated, _unknown(candidates, len(part.nodes)) or above.truncated))


def _unknown(candidates: list[str], below: int) -> str | None:
    if len(candidates) == below:
        return None
    known = f"{MOST_CANDIDATES:,} of {below:,} CIs only"
    return f"what else would be down, and what was changed, is known for {known}"
