"""The reverse question: what explains these symptoms."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import strawberry

from cmdb import availability as engine
from cmdb.applier import utc_now
from cmdb.errors import Invalid
from cmdb.store import Slice
from cmdb.words import Role
from cmdb_graphql.below import below
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.explanation_answer import ExplanationAnswer, explanation_answer
from cmdb_graphql.fields.availability import others
from cmdb_graphql.fields.impact import model_from, travelled
from cmdb_graphql.moment import AsOf, pinned
from cmdb_graphql.proposed import Asked
from cmdb_graphql.services import Services
from cmdb_graphql.types import existing

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
    ill, well = await existing(info, symptoms, "symptoms"), await others(info, healthy, "healthy")
    if both := sorted({*ill} & {*well}):
        raise Invalid(f"{both[0]!r} cannot show symptoms and be healthy", where="healthy")
    part = await below(info, [*ill, *well], Asked(at, store, info.context.loaders.at(at)))
    candidates = sorted(part.nodes)[:MOST_CANDIDATES]
    above = await blocking(_above, info.context.services, part, candidates, at)
    changes = await blocking(store.lately, candidates, 24 * days, utc_now(), at) if days else {}
    both_ways = _together(part, above)
    scores = {ci: float(len(entries)) for ci, entries in changes.items()}
    found = await blocking(lambda: engine.explain(model_from(both_ways), ill, well, scores, hops=hops))
    return explanation_answer(both_ways, found, changes, (part.truncated, above.truncated))


def _above(services: Services, part: Slice, candidates: list[str], at: int | None) -> Slice:
    """What the failure of each candidate can travel to, so that what else would be down is known."""
    above = travelled(services, candidates, part.sequence if at is None else at, context=False)
    if len(candidates) < len(part.nodes):
        why = f"what else would be down, and what was changed, is known for {MOST_CANDIDATES:,} of {len(part.nodes):,}"
        return replace(above, truncated=f"{why} CIs only")
    return above


def _together(one: Slice, other: Slice) -> Slice:
    edges = {edge.id: edge for edge in (*other.edges, *one.edges)}
    nodes = {**other.nodes, **one.nodes}
    return replace(one, nodes=nodes, edges=tuple(edges.values()), beside={**other.beside, **one.beside})
