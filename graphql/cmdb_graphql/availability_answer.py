"""What the questions of availability answer: their types, and the way there from the pure computation over a slice."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import strawberry

from cmdb.availability import Availability, Explanation, Explanations, Importance, Spofs
from cmdb.store import Slice
from cmdb.words import Role
from cmdb_graphql.context import readable_by, whole
from cmdb_graphql.types import CI, make

MOST_EVENTS = 200
"""CIs whose importance is told."""


@readable_by(Role.VIEWER)
@strawberry.type(
    description="The single points of failure of a CI, or with others down what the second failure can be."
)
class SpofAnswer:
    """The answer."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    of: CI = strawberry.field(description="The CI.")
    down: bool = strawberry.field(description="Whether it is down already: then nothing single is left to find.")
    verdict: str = strawberry.field(description="The answer in one sentence.")
    items: list[CI] = strawberry.field(description="Every other CI that alone brings it down, by name.")
    truncated: str | None = strawberry.field(description="Why the answer is cut short, if it is.")


@readable_by(Role.VIEWER)
@strawberry.type(description="How many minimal cut sets have so many CIs.")
class CutCount:
    """A count."""

    order: int = strawberry.field(description="How many CIs fail together.")
    count: float = strawberry.field(description="How many sets; a float, for there may be more than an Int holds.")


@readable_by(Role.VIEWER)
@strawberry.type(description="CIs that together bring it down, none of which could be left out.")
class CutSet:
    """A minimal cut set."""

    names: list[str] = strawberry.field(
        description="Their names; a common cause is named after those it takes.", metadata=whole("it has 3 at most")
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="How much a CI matters to the availability of another.")
class EventImportance:
    """The measures."""

    name: str = strawberry.field(description="Its name, or that of a common cause.")
    ci: CI | None = strawberry.field(description="The CI; null for a common cause.")
    q: float = strawberry.field(description="How likely it is down by itself.")
    birnbaum: float = strawberry.field(description="How much likelier the other is down when it is than when not.")
    criticality: float = strawberry.field(description="The share of the other's time down in which it is the cause.")
    fussell_vesely: float = strawberry.field(description="The share of minimal cut sets with it, by their likelihood.")
    raw: float = strawberry.field(description="Risk achievement worth: by what the risk grows if it is down for good.")
    rrw: float | None = strawberry.field(
        description="Risk reduction worth: by what the risk falls if it never fails; null when nothing is left."
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="The availability of a CI: between two bounds, with how they were found.")
class AvailabilityAnswer:
    """The answer."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    of: CI = strawberry.field(description="The CI.")
    lo: float = strawberry.field(description="It is at least this.")
    hi: float = strawberry.field(description="It is at most this.")
    method: str = strawberry.field(description="exact, conditioned (split on common causes) or bounds.")
    minutes_lo: float = strawberry.field(description="Minutes down in a year of 365 days, at least.")
    minutes_hi: float = strawberry.field(description="Minutes down in a year, at most.")
    assumptions: list[str] = strawberry.field(description="What was taken for granted, in words.")
    importance: list[EventImportance] = strawberry.field(
        description="How much each CI matters, the most critical first; none unless the answer is exact."
    )
    cut_counts: list[CutCount] = strawberry.field(description="How many minimal cut sets there are by order.")
    cut_sets: list[CutSet] = strawberry.field(description="Those of up to 3 CIs, small ones first.")
    truncated: str | None = strawberry.field(description="Why the answer is cut short, if it is.")


@readable_by(Role.VIEWER)
@strawberry.type(description="CIs whose failure together explains all symptoms.")
class ExplanationItem:
    """An explanation."""

    cis: list[CI] = strawberry.field(description="The CIs.", metadata=whole("it has 3 at most"))
    extra_count: int = strawberry.field(description="How many other CIs would be down with them.")
    extra: list[CI] = strawberry.field(description="The first 20 of those.", metadata=whole("extraCount has them all"))


@readable_by(Role.VIEWER)
@strawberry.type(description="The smallest sets of failures that explain symptoms.")
class ExplanationAnswer:
    """The answer."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    items: list[ExplanationItem] = strawberry.field(description="The best first: fewest CIs, then fewest others hit.")
    truncated: str | None = strawberry.field(description="Why there may be others, if there may.")


def joined(*why: str | None) -> str | None:
    """Reasons why an answer is cut, as one."""
    return "; ".join(dict.fromkeys(one for one in why if one)) or None


def spof_answer(part: Slice, found: Spofs) -> SpofAnswer:
    """Single points by name."""
    cis = sorted(found.cis, key=lambda ci: (part.name(ci), ci))
    return SpofAnswer(
        sequence=part.sequence, of=make(part.row(found.of)), down=found.down, verdict=_verdict(part, found),
        items=[make(part.row(ci)) for ci in cis], truncated=part.truncated,
    )  # fmt: skip


def _verdict(part: Slice, found: Spofs) -> str:
    name = part.name(found.of)
    if found.down:
        return f"{name} is down already."
    if not found.cis:
        return f"No other CI alone brings {name} down."
    count = "1 CI alone brings" if len(found.cis) == 1 else f"Each of {len(found.cis)} CIs alone brings"
    return f"{count} {name} down."


def availability_answer(part: Slice, found: Availability) -> AvailabilityAnswer:
    """Bounds, importance and cut sets, by the names of CIs."""
    low, high = found.minutes
    events = found.importance[:MOST_EVENTS]
    cut = f"the first {MOST_EVENTS} of {len(found.importance)} CIs by criticality"
    return AvailabilityAnswer(
        sequence=part.sequence, of=make(part.row(found.of)), lo=found.lo, hi=found.hi, method=found.down.method,
        minutes_lo=low, minutes_hi=high, assumptions=list(found.assumptions),
        importance=[_importance(part, one) for one in events],
        cut_counts=[CutCount(order=order, count=count) for order, count in found.cuts.counts],
        cut_sets=[CutSet(names=[_name(part, event) for event in cut]) for cut in found.cuts.listed],
        truncated=joined(
            part.truncated, found.cuts.truncated, cut if len(events) < len(found.importance) else None
        ),
    )  # fmt: skip


def _importance(part: Slice, one: Importance) -> EventImportance:
    assert one.fussell_vesely is not None  # a dependency model has no NOT
    known = one.event in part.nodes or one.event in part.beside
    return EventImportance(
        name=_name(part, one.event), ci=make(part.row(one.event)) if known else None, q=one.q,
        birnbaum=one.birnbaum, criticality=one.criticality, fussell_vesely=one.fussell_vesely, raw=one.raw,
        rrw=one.rrw if isfinite(one.rrw) else None,
    )  # fmt: skip


def _name(part: Slice, event: str) -> str:
    """A CI's name; a common cause has ids in its own."""
    return " ".join(part.name(word.rstrip(",")) + word[len(word.rstrip(",")) :] for word in event.split(" "))


def explanation_answer(part: Slice, found: Explanations, more: Iterable[str | None]) -> ExplanationAnswer:
    """Explanations with their CIs."""
    items = [_explanation(part, one) for one in found.found]
    return ExplanationAnswer(sequence=part.sequence, items=items, truncated=joined(found.truncated, *more))


def _explanation(part: Slice, one: Explanation) -> ExplanationItem:
    return ExplanationItem(
        cis=[make(part.row(ci)) for ci in one.cis], extra_count=len(one.extra),
        extra=[make(part.row(ci)) for ci in one.extra[:20]],
    )  # fmt: skip
