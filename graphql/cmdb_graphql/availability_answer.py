"""What the questions of availability answer: their types, and the way there from the pure computation over a slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from math import isfinite

import strawberry

from cmdb.availability import Availability, Figure, Importance, Likelihood, Provenance, Requirement, Spofs, Standing
from cmdb.store import Row, Slice
from cmdb.words import Role
from cmdb_graphql.context import readable_by, whole
from cmdb_graphql.types import CI, make

MOST_EVENTS = 200
"""CIs whose importance, or whose figure, is told."""
TARGET = "availability_target"
"""The attribute of a service that says what is required of it, in percent."""


@strawberry.enum(description="Where a figure of how often a CI fails comes from, the best first.")
class FigureSource(Enum):
    """Sources of figures."""

    MEASURED = strawberry.enum_value("MEASURED", description="From three outages or more of its own.")
    VENDOR = strawberry.enum_value("VENDOR", description="Declared for it: mtbfHours and mttrHours.")
    CLASS = strawberry.enum_value("CLASS", description="What is typical of its class.")
    NONE = strawberry.enum_value("NONE", description="None is known: it fails only through what it needs.")


@strawberry.enum(description="How a requirement does.")
class RequirementStanding(Enum):
    """Outcomes."""

    MET = strawberry.enum_value("MET", description="Even at the worst within the bounds.")
    MISSED = strawberry.enum_value("MISSED", description="Even at the best within the bounds.")
    UNDECIDED = strawberry.enum_value("UNDECIDED", description="The bounds lie on both sides of it.")


@readable_by(Role.VIEWER)
@strawberry.type(description="What is required of the availability of a service, by its `availabilityTarget`.")
class RequirementAnswer:
    """A requirement held against an answer."""

    percent: float = strawberry.field(description="It must be up this share of time, in percent.")
    allowed_minutes: float = strawberry.field(description="So it may be down so many minutes in a year.")
    standing: RequirementStanding = strawberry.field(description="Whether it is met.")
    sentence: str = strawberry.field(description="The same in words, with what is to spare or too much.")

    @classmethod
    def of(cls, row: Row, down: Likelihood) -> RequirementAnswer | None:
        """Held against a likelihood of being down; None where nothing, or nothing sensible, is required."""
        percent = row.get(TARGET)
        if percent is None or not 0 < percent <= 100:
            return None
        required = Requirement(float(percent))
        return cls(
            percent=required.percent, allowed_minutes=required.minutes,
            standing=STANDINGS[required.standing(down)], sentence=required.sentence(down),
        )  # fmt: skip


STANDINGS = {one: RequirementStanding[one.name] for one in Standing}


@readable_by(Role.VIEWER)
@strawberry.type(description="How often a CI fails by itself, and where that figure comes from.")
class ComponentFigure:
    """A figure."""

    ci: CI = strawberry.field(description="The CI.")
    source: FigureSource = strawberry.field(description="Where the figure comes from.")
    basis: str = strawberry.field(description="What it was taken from, in words.")
    mtbf_hours: float | None = strawberry.field(description="Mean time between failures; null: never by itself.")
    mttr_hours: float = strawberry.field(description="Mean time to repair.")
    q: float = strawberry.field(description="How likely it is down by itself at any moment.")


@readable_by(Role.VIEWER)
@strawberry.type(description="How many figures come from one source.")
class SourceCount:
    """A count."""

    source: FigureSource = strawberry.field(description="The source.")
    count: int = strawberry.field(description="How many CIs have their figure from it.")


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
    requirement: RequirementAnswer | None = strawberry.field(
        description="What is required of it, and whether that is met; null where nothing is."
    )
    assumptions: list[str] = strawberry.field(description="What was taken for granted, in words.")
    sources: list[SourceCount] = strawberry.field(
        description="How many figures come from where.", metadata=whole("there are four sources")
    )
    components: list[ComponentFigure] = strawberry.field(
        description="Every CI that can bring it down with its figure, the best known first."
    )
    importance: list[EventImportance] = strawberry.field(
        description="How much each CI matters, the most critical first; none unless the answer is exact."
    )
    cut_counts: list[CutCount] = strawberry.field(description="How many minimal cut sets there are by order.")
    cut_sets: list[CutSet] = strawberry.field(description="Those of up to 3 CIs, small ones first.")
    truncated: str | None = strawberry.field(description="Why the answer is cut short, if it is.")


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
    # Equals by name: ids are random. Figures that floating point alone tells apart are equal.
    known = sorted(found.importance, key=lambda one: (-float(f"{one.criticality:.9g}"), event_name(part, one.event)))
    events, row = known[:MOST_EVENTS], part.row(found.of)
    order = {source: place for place, source in enumerate(Provenance)}
    figures = sorted(found.figures, key=lambda one: (order[one[1].provenance], part.name(one[0]), one[0]))
    sources = Counter(figure.provenance for _, figure in found.figures)
    cut = f"the first {MOST_EVENTS} of {len(found.importance)} CIs by criticality"
    unshown = f"the figures of the first {MOST_EVENTS} of {len(found.figures):,} CIs"
    return AvailabilityAnswer(
        sequence=part.sequence, of=make(row), lo=found.lo, hi=found.hi, method=found.down.method,
        minutes_lo=low, minutes_hi=high, requirement=RequirementAnswer.of(row, found.down),
        assumptions=list(found.assumptions),
        sources=[SourceCount(source=SOURCES[one], count=sources[one]) for one in Provenance if sources[one]],
        components=[_component(part, ci, figure) for ci, figure in figures[:MOST_EVENTS]],
        importance=[_importance(part, one) for one in events],
        cut_counts=[CutCount(order=order, count=count) for order, count in found.cuts.counts],
        cut_sets=by_names([event_name(part, event) for event in cut] for cut in found.cuts.listed),
        truncated=joined(
            part.truncated, found.cuts.truncated, cut if len(events) < len(found.importance) else None,
            unshown if len(found.figures) > MOST_EVENTS else None,
        ),
    )  # fmt: skip


def by_names(cuts: Iterable[list[str]]) -> list[CutSet]:
    """Cut sets by their names, small ones first."""
    named = (sorted(names) for names in cuts)
    return [CutSet(names=names) for names in sorted(named, key=lambda names: (len(names), names))]


SOURCES = {one: FigureSource[one.name] for one in Provenance}


def _component(part: Slice, ci: str, figure: Figure) -> ComponentFigure:
    return ComponentFigure(
        ci=make(part.row(ci)), source=SOURCES[figure.provenance], basis=figure.basis,
        mtbf_hours=figure.mtbf if isfinite(figure.mtbf) else None, mttr_hours=figure.mttr, q=figure.q,
    )  # fmt: skip


def _importance(part: Slice, one: Importance) -> EventImportance:
    assert one.fussell_vesely is not None  # a dependency model has no NOT
    known = one.event in part.nodes or one.event in part.beside
    return EventImportance(
        name=event_name(part, one.event), ci=make(part.row(one.event)) if known else None, q=one.q,
        birnbaum=one.birnbaum, criticality=one.criticality, fussell_vesely=one.fussell_vesely, raw=one.raw,
        rrw=one.rrw if isfinite(one.rrw) else None,
    )  # fmt: skip


def event_name(part: Slice, event: str) -> str:
    """A CI's name; a common cause has ids in its own."""
    return " ".join(part.name(word.rstrip(",")) + word[len(word.rstrip(",")) :] for word in event.split(" "))
