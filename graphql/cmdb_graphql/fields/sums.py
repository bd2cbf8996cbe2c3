"""Sums over the estate: how many of each kind, and how old what we know of them is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import strawberry

from cmdb.claims import kind_of, source_of
from cmdb.cypher import And, Compare, Filter
from cmdb.cypher.counts import DIMENSIONS, place
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question, readable_by, snake, whole
from cmdb_graphql.cursors import cursor, read_cursor
from cmdb_graphql.generate import INPUTS, to_filter
from cmdb_graphql.moment import AsOf, OfThen, pinned
from cmdb_graphql.proposed import Proposed, asked
from cmdb_graphql.services import Services
from cmdb_graphql.types import After, First, OfClass, PageInfo, age, cut_page, ended, page_size

_BY = {name.upper(): strawberry.enum_value(name, description=one.sentence) for name, one in DIMENSIONS.items()}
CountBy: Any = strawberry.enum(cast(Any, Enum)("CountBy", _BY), description="What CIs are counted by.")
CIFilter: Any = INPUTS[None]


@readable_by(Role.READER)
@strawberry.type(description="How many CIs have one thing in common.")
class Count:
    """A count."""

    key: str | None = strawberry.field(description="What they have in common; null: it is not known.")
    count: int = strawberry.field(description="How many.")


@readable_by(Role.READER)
@strawberry.type(description="A page of counts, the most first.")
class CountConnection(OfThen):
    """A page."""

    nodes: list[Count] = strawberry.field(description="The counts of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@question(
    Role.READER,
    arguments={"by": "What to count by.", "attribute": "The attribute to count by, in camelCase; with ATTRIBUTE only."},
)
async def counts(
    info: Info, by: CountBy, attribute: str | None = None, class_: OfClass = None,
    filter: CIFilter | None = None,  # noqa: A002  # the argument's public name
    include_retired: bool = False, first: First = 20, after: After = None, as_of: AsOf = None,
    proposed: Proposed = None,
) -> CountConnection:  # fmt: skip
    """How many live CIs there are of each class, site, owner, …, the most first. One round trip."""
    services, size, dimension = info.context.services, page_size(first), DIMENSIONS[by.value]
    agents: dict[str, str] = {}
    if dimension.agents:
        enrolled = await blocking(services.enrolment.agents)
        agents = {one.node: said for one in enrolled if (said := getattr(one, dimension.agents))}
    named = None if attribute is None else snake(attribute)
    behind = read_cursor(after, int, str) if after else None
    where = _live(filter, include_retired)
    state = await asked(info, as_of, proposed)
    rows = await blocking(state.store.counts_by, by.value, named, class_, where, size + 1, behind, agents, state.at)
    end = ended(rows, size, lambda row: cursor([row["count"], place(row["key"])]))
    return CountConnection(nodes=[Count(**row) for row in rows[:size]], page_info=end, at=state.at)


def _live(given: Any, include_retired: bool = False) -> Filter:
    live = () if include_retired else (Compare("status", "eq", "live"),)
    return And((*live, *([to_filter(given)] if given else [])))


# --- freshness -----------------------------------------------------------------------------------------------

BANDS = (("an hour", 3_600.0), ("a day", 86_400.0), ("a week", 604_800.0), ("30 days", 2_592_000.0))


@readable_by(Role.READER)
@strawberry.type(description="How old what one source says of the CIs of a class is.")
class Freshness:
    """A source's word on a class."""

    class_: str = strawberry.field(name="class", description="The class.")
    source: str = strawberry.field(description="Who speaks for them: agent and section, or another source.")
    count: int = strawberry.field(description="How many CIs it speaks for.")
    last_seen: str | None = strawberry.field(description="When it last said so, ISO 8601 UTC; null: not known.")
    age_seconds: float | None = strawberry.field(description="How long ago that was, in seconds.")


@readable_by(Role.READER)
@strawberry.type(description="How many CIs of a class were last seen how long ago.")
class AgeCount:
    """A band of ages."""

    class_: str = strawberry.field(name="class", description="The class.")
    within: str = strawberry.field(description="an hour, a day, a week, 30 days, longer, or unknown.")
    count: int = strawberry.field(description="How many CIs.")


@readable_by(Role.READER)
@strawberry.type(description="How old what we know is: the oldest first.")
class FreshnessConnection(OfThen):
    """A page."""

    nodes: list[Freshness] = strawberry.field(description="Classes and sources, those of unknown age first.")
    ages: list[AgeCount] = strawberry.field(
        description="Of all pages together: how many CIs by class and age.",
        metadata=whole("six for each class at most"),
    )
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@question(Role.READER, arguments={"olderThan": "Only what was last seen longer ago than this, in seconds."})
async def freshness(
    info: Info, class_: OfClass = None, older_than: float = 0.0, first: First = 20, after: After = None,
    as_of: AsOf = None,
) -> FreshnessConnection:  # fmt: skip
    """How old what we know of live CIs is, by class and source. What people wrote is of unknown age. One round trip.

    As of a moment how old it was then, by the last report until then that changed anything.
    """
    services, at = info.context.services, await pinned(info, as_of)
    rows = await blocking(services.store.sources, class_, _live(None), at)
    now, seen = await _seen(services, {row["source"] for row in rows}, at)
    every = [
        Freshness(
            class_=row["class"], source=row["source"], count=row["count"], last_seen=last, age_seconds=age(last, now)
        )
        for row in rows
        for last in [seen.get(row["source"])]
    ]
    old = [one for one in every if one.age_seconds is None or one.age_seconds >= older_than]
    old.sort(key=lambda one: (one.last_seen or "", one.class_, one.source))
    shown, end = cut_page(old, first, after, lambda one: f"{one.class_} {one.source}")
    ages: Counter[tuple[str, str]] = Counter()
    for one in old:
        ages[one.class_, _band(one.age_seconds)] += one.count
    bands = [AgeCount(class_=cls, within=band, count=n) for (cls, band), n in sorted(ages.items())]
    return FreshnessConnection(nodes=list(shown), ages=bands, page_info=end, at=at)


async def _seen(services: Services, sources: set[str], at: int | None) -> tuple[str | None, Mapping[str, str | None]]:
    """When a sequence was (None: now), and when each source had last spoken then, as far as that is known."""
    if at is None:
        return None, await blocking(services.inbox.all_seen)
    agents = {source for source in sources if kind_of(source) == "agent"}
    when, heard = await blocking(services.store.heard, {source_of(one) for one in agents}, at)
    return when, {source: heard.get(source_of(source)) for source in agents}


def _band(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return next((name for name, most in BANDS if seconds <= most), "longer")
