"""The single points of failure of the whole estate: which CIs alone bring services down, and what hangs on them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import strawberry

from cmdb import availability as engine
from cmdb.availability import Hanging, Worth
from cmdb.classes import catalogue
from cmdb.cypher import Compare
from cmdb.store import Row, Slice
from cmdb.words import Role
from cmdb_graphql.availability_answer import joined
from cmdb_graphql.below import below, out
from cmdb_graphql.context import Info, blocking, question, readable_by, whole
from cmdb_graphql.fields.availability import others
from cmdb_graphql.fields.impact import model_from
from cmdb_graphql.moment import AsOf
from cmdb_graphql.pictures.radius import SERVICE
from cmdb_graphql.proposed import Asked, Proposed, asked
from cmdb_graphql.types import CI, After, First, OfClass, PageInfo, cut_page, make

MOST_SERVICES = 1_000
"""Business services looked at."""
TOLD = 20
"""Services named with a CI."""
AlsoDown = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="CIs that are down, beside present outages: what would be the second failure?"),
]


@readable_by(Role.VIEWER)
@strawberry.type(description="A CI that alone brings business services down.")
class EstateSpof:
    """A single point of failure."""

    ci: CI = strawberry.field(description="The CI.")
    criticality: str | None = strawberry.field(description="The worst criticality among the services, where known.")
    users: int | None = strawberry.field(description="How many people use them, added up where it is known.")
    service_count: int = strawberry.field(description="How many services it alone brings down.")
    services: list[CI] = strawberry.field(
        description="The first 20 of them, by name.", metadata=whole("serviceCount has them all")
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="A page of single points of failure, the ones on which most hangs first.")
class EstateSpofConnection:
    """A page."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    nodes: list[EstateSpof] = strawberry.field(description="The CIs of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")
    services: int = strawberry.field(description="How many business services were looked at.")
    down: int = strawberry.field(description="How many of them are down already.")
    count: int = strawberry.field(description="How many single points of failure there are in all.")
    truncated: str | None = strawberry.field(description="Why there may be others, if there may.")


@question(Role.VIEWER)
async def estate_spofs(
    info: Info, first: First = 20, after: After = None, class_: OfClass = None, also_down: AlsoDown = None,
    as_of: AsOf = None, proposed: Proposed = None,
) -> EstateSpofConnection:  # fmt: skip
    """Which CIs alone bring business services down, by what hangs on them; present outages are taken into account.

    By how many critical services, then high ones and so on, then by users, then by services.
    """
    state, more = await asked(info, as_of, proposed), await others(info, also_down, "alsoDown")
    rows = await blocking(
        state.store.find, SERVICE, Compare("status", "eq", "live"), (("name", "asc"),), MOST_SERVICES, None, state.at
    )
    services = [str(row["id"]) for row in rows[:MOST_SERVICES]]
    part = await _all_below(info, services, state)
    down, found = await blocking(_exposed, part, services, {*out(part), *more})
    wanted = [one for one in found if class_ is None or _is(part.row(one.ci), class_)]
    page, end = cut_page(wanted, first, after, lambda one: one.ci)
    short = f"more than {MOST_SERVICES:,} services: the first by name were looked at"
    return EstateSpofConnection(
        sequence=part.sequence, nodes=[_node(part, one) for one in page], page_info=end, services=len(services),
        down=down, count=len(wanted), truncated=joined(part.truncated, short if len(rows) > MOST_SERVICES else None),
    )  # fmt: skip


async def _all_below(info: Info, services: Collection[str], state: Asked) -> Slice:
    if not services:
        return Slice(await blocking(info.context.services.store.sequence), {}, ())
    return await below(info, services, state)


def _exposed(part: Slice, services: list[str], down: set[str]) -> tuple[int, tuple[Hanging, ...]]:
    """How many services are down already, and the single points of the others."""
    exposures, fallen = engine.estate(model_from(part), services, down)
    worth = {ci: Worth(part.row(ci).get("criticality"), part.row(ci).get("users")) for ci in services}
    return len(fallen), engine.ranked(exposures, worth, part.name)


def _is(row: Row, cls: str) -> bool:
    wanted, known = catalogue().cls(cls).name, str(row["class"])
    return wanted in catalogue().lineage(known) if known in catalogue().classes else wanted == known


def _node(part: Slice, one: Hanging) -> EstateSpof:
    services = sorted(one.services, key=lambda ci: (part.name(ci), ci))
    return EstateSpof(
        ci=make(part.row(one.ci)), criticality=one.criticality, users=one.users, service_count=len(services),
        services=[make(part.row(ci)) for ci in services[:TOLD]],
    )  # fmt: skip
