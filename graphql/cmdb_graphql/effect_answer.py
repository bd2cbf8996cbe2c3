"""What `availabilityEffect` answers: its types, and the way there from the pure computation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum

import strawberry

from cmdb.availability import MINUTES, Direction, Effect, Figure, Likelihood
from cmdb.availability.assess import assumptions
from cmdb.store import Slice
from cmdb.words import Role
from cmdb_graphql.availability_answer import CutSet, RequirementAnswer, by_names, event_name, joined
from cmdb_graphql.context import readable_by, whole
from cmdb_graphql.types import CI, make

MOST_TOLD = 100
"""Single points, and pairs, told of each kind."""


@strawberry.enum(description="Which way availability goes.")
class EffectDirection(Enum):
    """Directions."""

    BETTER = strawberry.enum_value("BETTER", description="Up more.")
    WORSE = strawberry.enum_value("WORSE", description="Up less.")
    SAME = strawberry.enum_value("SAME", description="As it is.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="The bounds overlap: nobody can say.")


@readable_by(Role.VIEWER)
@strawberry.type(description="An availability between two bounds.")
class AvailabilityBounds:
    """Bounds."""

    lo: float = strawberry.field(description="It is at least this.")
    hi: float = strawberry.field(description="It is at most this.")
    method: str = strawberry.field(description="exact, conditioned (split on common causes) or bounds.")
    minutes_lo: float = strawberry.field(description="Minutes down in a year of 365 days, at least.")
    minutes_hi: float = strawberry.field(description="Minutes down in a year, at most.")

    @classmethod
    def of(cls, down: Likelihood) -> AvailabilityBounds:
        """From the likelihood of being down."""
        return cls(
            lo=1 - down.hi, hi=1 - down.lo, method=down.method, minutes_lo=down.lo * MINUTES,
            minutes_hi=down.hi * MINUTES,
        )  # fmt: skip


@readable_by(Role.VIEWER)
@strawberry.type(description="What a change does to the availability of one CI.")
class EffectItem:
    """An effect."""

    of: CI = strawberry.field(description="The CI.")
    direction: EffectDirection = strawberry.field(description="Which way it goes.")
    sentence: str = strawberry.field(description="The effect in words.")
    before: AvailabilityBounds = strawberry.field(description="As things are.")
    after: AvailabilityBounds = strawberry.field(description="As they are proposed.")
    during: AvailabilityBounds = strawberry.field(
        description="In the window, with `alsoDown` down and what is down at present: the worse of both states."
    )
    lost_minutes_lo: float = strawberry.field(
        description="Minutes a year it is down more, at least; below 0: gained. Both 0 when nothing changes."
    )
    lost_minutes_hi: float = strawberry.field(description="Minutes a year it is down more, at most.")
    window_loss_minutes_lo: float = strawberry.field(
        description="Minutes expected to be lost in the window and by backing out, at least."
    )
    window_loss_minutes_hi: float = strawberry.field(description="The same at most.")
    spofs_added: list[CI] = strawberry.field(description="CIs that would newly bring it down alone.")
    spofs_removed: list[CI] = strawberry.field(description="CIs that would no longer bring it down alone.")
    pairs_added: list[CutSet] = strawberry.field(description="Two CIs that would newly bring it down together.")
    pairs_removed: list[CutSet] = strawberry.field(description="Two CIs that would no longer do so.")
    requirement_before: RequirementAnswer | None = strawberry.field(
        description="What is required of it, as things are; null where nothing is."
    )
    requirement_after: RequirementAnswer | None = strawberry.field(description="The same as proposed.")
    truncated: str | None = strawberry.field(description="Why lists are cut short, if they are.")


@readable_by(Role.VIEWER)
@strawberry.type(description="What a change does to the availability of some CIs.")
class AvailabilityEffect:
    """The answer."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    items: list[EffectItem] = strawberry.field(description="One for each CI, in the order asked.")
    assumptions: list[str] = strawberry.field(
        description="What was taken for granted, in words.", metadata=whole("there are seven at most")
    )
    truncated: str | None = strawberry.field(description="Why the answer is cut short, if it is.")


def effect_answer(
    before: Slice, after: Slice, found: Sequence[Effect], figures: Collection[Figure], beta: float
) -> AvailabilityEffect:
    """Effects with the CIs of both slices."""
    both = _Both(before, after)
    methods = {likely.method for one in found for likely in (one.before, one.after, one.during)}
    method = "exact" if methods <= {"exact"} else "bounds"
    return AvailabilityEffect(
        sequence=before.sequence, items=[both.item(one) for one in found],
        assumptions=list(assumptions(method, beta, figures)), truncated=joined(before.truncated, after.truncated),
    )  # fmt: skip


class _Both:
    """The CIs of two slices: as it would be, where it would be at all."""

    def __init__(self, before: Slice, after: Slice) -> None:
        self._before, self._after = before, after

    def _ci(self, ci: str) -> CI:
        there = ci in self._after.nodes or ci in self._after.beside
        return make((self._after if there else self._before).row(ci))

    def _cis(self, ids: Sequence[str]) -> list[CI]:
        return sorted((self._ci(ci) for ci in ids), key=lambda ci: (ci.name, ci.id))[:MOST_TOLD]

    def _pairs(self, pairs: Sequence[Sequence[str]]) -> list[CutSet]:
        return by_names([event_name(self._before, event_name(self._after, e)) for e in pair] for pair in pairs)[
            :MOST_TOLD
        ]

    def item(self, one: Effect) -> EffectItem:
        lists = (one.singles_added, one.singles_removed, one.pairs_added, one.pairs_removed)
        cut = f"the first {MOST_TOLD} of each list" if max(map(len, lists)) > MOST_TOLD else None
        return EffectItem(
            of=self._ci(one.of), direction=EffectDirection[one.direction.name], sentence=sentence(one),
            before=AvailabilityBounds.of(one.before), after=AvailabilityBounds.of(one.after),
            during=AvailabilityBounds.of(one.during), lost_minutes_lo=one.lost[0], lost_minutes_hi=one.lost[1],
            window_loss_minutes_lo=one.window_loss[0], window_loss_minutes_hi=one.window_loss[1],
            spofs_added=self._cis(one.singles_added),
            spofs_removed=self._cis(one.singles_removed),
            pairs_added=self._pairs(one.pairs_added),
            pairs_removed=self._pairs(one.pairs_removed),
            requirement_before=RequirementAnswer.of(self._before.row(one.of), one.before),
            requirement_after=RequirementAnswer.of(self._after.row(one.of), one.after),
            truncated=joined(one.cut, cut),
        )  # fmt: skip


def sentence(one: Effect) -> str:
    """The effect in words: "12.0 minutes a year less down"; of an interval both ends."""
    least, most = one.lost
    if one.direction is Direction.SAME:
        return "as available as it is"
    if one.direction is Direction.UNKNOWN:
        return f"not known to be better or worse: from {-least:,.1f} minutes a year less down to {most:,.1f} more"
    low, high = sorted((abs(least), abs(most)))
    span = f"{low:,.1f}" if high - low < 0.05 else f"{low:,.1f} to {high:,.1f}"
    return f"{span} minutes a year {'more' if one.direction is Direction.WORSE else 'less'} down"
