"""Single points of failure, availability, and what explains symptoms: the questions that look down from a service."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Annotated

import strawberry

from cmdb import availability as engine
from cmdb.availability import Figure, figure
from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb.store import Slice
from cmdb.store.rows import Row
from cmdb.words import Role
from cmdb_graphql.availability_answer import (
    AvailabilityAnswer,
    ExplanationAnswer,
    SpofAnswer,
    availability_answer,
    explanation_answer,
    spof_answer,
)
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.fields.impact import model_from, travelled
from cmdb_graphql.moment import AsOf, pinned
from cmdb_graphql.services import Services
from cmdb_graphql.types import existing, named

One = Annotated[strawberry.ID, strawberry.argument(description="The id of the CI.")]
AlsoDown = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="CIs that are down, beside present outages.")
]
Beta = Annotated[
    float,
    strawberry.argument(
        description="The share of failures in a redundancy group that takes all its members, 0 to 1; 0 is optimistic."
    ),
]
Symptoms = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of CIs that are seen down, 1 to 100.")
]
Healthy = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="The ids of CIs that are known to be well.")
]
MOST_CANDIDATES = 2_000
"""CIs below the symptoms whose whole effect is looked at."""


@question(Role.VIEWER)
async def spofs(info: Info, of: One, also_down: AlsoDown = None, as_of: AsOf = None) -> SpofAnswer:
    """Which CIs alone bring this one down, present outages and `alsoDown` taken into account."""
    at, more = await pinned(info, as_of), await _others(info, also_down, "alsoDown")
    part = await _below(info, await existing(info, [of]), at)
    found = await blocking(lambda: engine.spofs(model_from(part), str(of), {*_out(part), *more}))
    return spof_answer(part, found)


@question(Role.VIEWER)
async def availability(
    info: Info, of: One, beta: Beta = 0.0, also_down: AlsoDown = None, as_of: AsOf = None
) -> AvailabilityAnswer:
    """How likely this CI is up by the figures of classes, between two bounds; present outages do not count."""
    at, more = await pinned(info, as_of), await _others(info, also_down, "alsoDown")
    part = await _below(info, await existing(info, [of]), at)
    found = await blocking(
        lambda: engine.availability(model_from(part), str(of), figures({**part.beside, **part.nodes}), more, beta)
    )
    return availability_answer(part, found)


@question(Role.VIEWER)
async def explain(
    info: Info, symptoms: Symptoms, healthy: Healthy = None, as_of: AsOf = None
) -> ExplanationAnswer:  # fmt: skip
    """The smallest sets of CIs whose failure explains all symptoms and would leave the healthy ones well."""
    at = await pinned(info, as_of)
    ill, well = await existing(info, symptoms, "symptoms"), await _others(info, healthy, "healthy")
    if both := sorted({*ill} & {*well}):
        raise Invalid(f"{both[0]!r} cannot show symptoms and be healthy", where="healthy")
    part = await _below(info, [*ill, *well], at)
    above = await blocking(_above, info.context.services, part, at)
    both_ways = _together(part, above)
    found = await blocking(lambda: engine.explain(model_from(both_ways), ill, well))
    return explanation_answer(both_ways, found, (part.truncated, above.truncated))


async def _others(info: Info, ids: list[strawberry.ID] | None, where: str) -> list[str]:
    return await existing(info, named(ids, where), where) if ids else []


async def _below(info: Info, ids: Collection[str], at: int | None) -> Slice:
    part = await blocking(info.context.services.store.needed, ids, at)
    info.context.loaders.prime([*part.nodes.values(), *part.beside.values()])
    return part


def _above(services: Services, part: Slice, at: int | None) -> Slice:
    """What the failure of each candidate can travel to, so that what else would be down is known."""
    candidates = sorted(part.nodes)[:MOST_CANDIDATES]
    above = travelled(services, candidates, part.sequence if at is None else at, context=False)
    if len(candidates) < len(part.nodes):
        why = f"what else would be down is known for {MOST_CANDIDATES:,} of {len(part.nodes):,} CIs only"
        return replace(above, truncated=why)
    return above


def _together(one: Slice, other: Slice) -> Slice:
    edges = {edge.id: edge for edge in (*other.edges, *one.edges)}
    nodes = {**other.nodes, **one.nodes}
    return replace(one, nodes=nodes, edges=tuple(edges.values()), beside={**other.beside, **one.beside})


def _out(part: Slice) -> list[str]:
    """The CIs of a slice that are down at present."""
    return [ci for ci, state in part.outages.items() if state == "down"]


def figures(rows: Mapping[str, Row]) -> dict[str, Figure]:
    """How often each CI fails, by its class."""
    classes = catalogue().classes
    parents = {name: known.kind_of for name, known in classes.items()}
    of = {name: figure(name, parents=parents) for name in {str(row["class"]) for row in rows.values()}}
    return {ci: of[str(row["class"])] for ci, row in rows.items()}
