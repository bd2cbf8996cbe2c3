"""What breaks if these CIs fail, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

import strawberry

from cmdb.classes import catalogue
from cmdb.endpoints import places
from cmdb.errors import Invalid, UnknownName
from cmdb.impact import Blast, Model, State, blast_radius, model_of
from cmdb.projection import NOTHING
from cmdb.store import Posed, Slice
from cmdb.store.slices import MOST, cut
from cmdb.words import REDUNDANCY, Role
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.impact_answer import Impact, answer
from cmdb_graphql.moment import AsOf, pinned
from cmdb_graphql.proposed import Proposed, asked
from cmdb_graphql.services import Services
from cmdb_graphql.types import named, stated

AlsoDown = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="CIs that are down before, beside present outages: other changes of the window."),
]
Degraded = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="CIs that are degraded before, likewise.")
]
InContext = Annotated[
    bool, strawberry.argument(description="Whether present outages count: CIs whose `condition` is not up.")
]


@question(Role.READER)
async def impact(
    info: Info, of: list[strawberry.ID], as_of: AsOf = None, proposed: Proposed = None, also_down: AlsoDown = None,
    degraded: Degraded = None, context: InContext = True,
) -> Impact:  # fmt: skip
    """What breaks if all of these CIs fail together, now or as of a moment, as things are or as they are proposed."""
    part, model, blast = await struck(info, of, as_of, proposed, also_down, degraded, context=context)
    scopes = sorted({e.scope for e in part.edges if not stated(e)})
    seen = await info.context.loaders.heard.load_many(scopes)
    return answer(part, model, blast, dict(zip(scopes, seen, strict=True)), await pinned(info, as_of))


async def struck(
    info: Info, of: list[strawberry.ID], as_of: AsOf, proposed: Proposed, also_down: AlsoDown, degraded: Degraded, *,
    context: bool, anew: bool = False,
) -> tuple[Slice, Model, Blast]:  # fmt: skip
    """The part of the graph that the failure of these can reach, its model, and who falls.

    `anew`: as if they failed only now, so that also who is down because of them already is among the fallen.
    """
    ids, before = named(of), _before(also_down, degraded)
    state = await asked(info, as_of, proposed, reader=True)
    everyone = [*ids, *before]
    part = await blocking(travelled, info.context.services, everyone, state.at, state.posed, context=context)
    for where, given in (("of", ids), ("alsoDown", also_down or []), ("degraded", degraded or [])):
        _check(given, part, state.posed, where)
    own = {ci: State[state.upper()] for ci, state in part.outages.items()}
    own |= {ci: min(state, own.get(ci, State.UP)) for ci, state in before.items()}
    if anew:
        own = {ci: state for ci, state in own.items() if ci not in set(ids)}
    info.context.loaders.prime([*part.nodes.values(), *part.beside.values()])
    model = await blocking(model_from, part)
    return part, model, await blocking(blast_radius, model, ids, part.name, own)


def _before(also_down: list[strawberry.ID] | None, degraded: list[strawberry.ID] | None) -> dict[str, State]:
    """The states before that are asked for."""
    weak = named(degraded, "degraded") if degraded else []
    down = named(also_down, "alsoDown") if also_down else []
    return dict.fromkeys(weak, State.DEGRADED) | dict.fromkeys(down, State.DOWN)


def _check(ids: Iterable[str], part: Slice, posed: Posed | None, where: str) -> None:
    for ci in ids:
        if posed and ci in posed.overlay.retire:
            raise Invalid(f"{ci!r} is retired in the proposed state and cannot fail any more", where=where)
        if ci not in part.nodes:
            raise UnknownName(f"there is no CI {ci!r}", where=where)


def travelled(
    services: Services, ids: Collection[str], at: int | None, posed: Posed | None = None, *, context: bool = True
) -> Slice:
    """Everything the failure can travel to: by the projection where it is far enough, else level by level.

    Round trips by the projection: two, one more where anything is redundant, and one more when it has to catch up;
    the answer is the same either way.
    """
    store = services.store
    # A CI that is only proposed is not in the projection.
    feed = None if posed and posed.overlay.create else services.projection
    if feed is not None:
        begun = posed.begin(ids, context=context) if posed else store.begin(ids, at, context=context)
        if (state := feed.at(begun.sequence)) is not None:
            everyone = list(dict.fromkeys([*ids, *begun.outages]))
            reached = state.reach(everyone, begun.sequence, posed.overlay if posed else NOTHING)
            near = reached.within(MOST)
            short = cut(MOST) if len(near) < len(reached) else None
            if posed:
                return posed.slice_of(near.ids, short, begun.outages)
            return store.slice_of(near.ids, begun.sequence, short, then=at, outages=begun.outages)
    if posed:
        return posed.reached(ids, MOST, context=context)
    return store.reach(ids, at, MOST, context=context)


def model_from(part: Slice) -> Model:
    """The dependency model of a slice, with the redundancy its CIs declare."""
    rules = {ci: tuple(said) for ci, row in part.nodes.items() if (said := row.get(REDUNDANCY))}
    names = {ci: str(row["name"]) for rows in (part.beside, part.nodes) for ci, row in rows.items()}
    by_address = {ci for ci, said in rules.items() if any("://" in text for text in said)}
    at = {
        e.id: places(e.endpoints, part.row(e.target).get("listens") or ())
        for e in part.edges if e.endpoints and e.source in by_address
    }  # fmt: skip
    edges = ((e.id, e.type, e.source, e.target) for e in part.edges)
    return model_of(edges, catalogue().relations, rules, names, at)
