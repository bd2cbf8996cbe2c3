"""Single points of failure and availability, as things are or are proposed, and what a change does to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import strawberry

from cmdb import availability as engine
from cmdb.errors import Invalid
from cmdb.projection.overlay import NEW
from cmdb.words import Role
from cmdb_graphql.availability_answer import AvailabilityAnswer, SpofAnswer, availability_answer, spof_answer
from cmdb_graphql.below import below, known_figures, out
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.effect_answer import AvailabilityEffect, effect_answer
from cmdb_graphql.fields.impact import model_from
from cmdb_graphql.moment import AsOf
from cmdb_graphql.proposed import Asked, Proposed, asked
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
InWindow = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="CIs that are down in the window: those under change, and of other changes in it."),
]
Hours = Annotated[float, strawberry.argument(description="How long the window is, in hours.")]
Failing = Annotated[float, strawberry.argument(description="How likely the change is to be backed out, 0 to 1.")]
Backout = Annotated[float, strawberry.argument(description="How long that takes, in hours.")]


@question(Role.VIEWER)
async def spofs(
    info: Info, of: One, also_down: AlsoDown = None, as_of: AsOf = None, proposed: Proposed = None
) -> SpofAnswer:
    """Which CIs alone bring this one down, present outages and `alsoDown` taken into account."""
    state, more = await asked(info, as_of, proposed), await others(info, also_down, "alsoDown")
    part = await below(info, [str(of)], state)
    found = await blocking(lambda: engine.spofs(model_from(part), str(of), {*out(part), *more}))
    return spof_answer(part, found)


@question(Role.VIEWER)
async def availability(
    info: Info, of: One, beta: Beta = 0.0, also_down: AlsoDown = None, as_of: AsOf = None, proposed: Proposed = None
) -> AvailabilityAnswer:
    """How likely this CI is up, between two bounds, with where the figures come from; present outages do not count."""
    state, more = await asked(info, as_of, proposed), await others(info, also_down, "alsoDown")
    part = await below(info, [str(of)], state)
    (figures,) = await known_figures(info, state, part)
    found = await blocking(lambda: engine.availability(model_from(part), str(of), figures, more, beta))
    return availability_answer(part, found)


@question(Role.VIEWER)
async def availability_effect(
    info: Info, of: list[strawberry.ID], proposed: Proposed = None, also_down: InWindow = None,
    window_hours: Hours = 0.0, failure_probability: Failing = 0.0, backout_hours: Backout = 0.0, beta: Beta = 0.0,
    as_of: AsOf = None,
) -> AvailabilityEffect:  # fmt: skip
    """What a change does to these CIs: minutes a year, single points and pairs that come and go, and its window.

    Present outages count in its window alone: without it, what is usual counts. All share one model, so many cost
    little more than one.
    """
    ids, down = named(of), await others(info, also_down, "alsoDown")
    if new := [ci for ci in ids if ci.startswith(NEW)]:
        raise Invalid(f"{new[0]!r} is new: there is no before to compare with", where="of")
    then = await asked(info, as_of, proposed)
    now = replace(then, store=info.context.services.store)
    after = await below(info, ids, then)
    before = await below(info, ids, now) if then.posed else after
    if before.sequence != after.sequence:  # somebody wrote in between
        before = await below(info, ids, Asked(after.sequence, now.store, now.loaders))
    figures = await known_figures(info, now, before, after)
    window = engine.Window(window_hours, failure_probability, backout_hours, frozenset([*down, *out(before)]))
    found = await blocking(
        lambda: engine.effect(model_from(before), model_from(after), ids, (figures[0], figures[1]), window, beta)
    )
    used = {ci: one for known in figures for ci, one in known.items()}
    return effect_answer(before, after, found, list(used.values()), beta)


async def others(info: Info, ids: list[strawberry.ID] | None, where: str) -> list[str]:
    """The ids of an argument that may be left out, each known here."""
    return await existing(info, named(ids, where), where) if ids else []
