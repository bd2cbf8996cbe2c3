"""The review after a change: what became of it, and which incidents near it came soon after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmdb.errors import Invalid, Refused
from cmdb_processes.change.nouns import Impact
from cmdb_processes.change.observed import Comparison
from cmdb_processes.change.templates import BAD, Outcome

SOON = timedelta(days=5)
"""Incidents within this time after the work are shown beside a change."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident, with the ids of the CIs it is about or was computed to reach."""

    number: str
    title: str
    opened: datetime
    cis: frozenset[str]
    major: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """An incident on the radius. Nearness is no cause: a person confirms the link, or does not."""

    incident: Incident
    hours: float
    on: tuple[str, ...]  # names of the CIs of the radius it is about

    @property
    def sentence(self) -> str:
        """In words."""
        kind = "major incident" if self.incident.major else "incident"
        return f"{kind} {self.incident.number} on {', '.join(self.on)}, {self.hours:.1f} h after: {self.incident.title}"


@dataclass(frozen=True, slots=True)
class Review:
    """What is proposed to the reviewer, with all reasons."""

    outcome: Outcome
    reasons: tuple[str, ...]
    near: tuple[Near, ...]


def near(impact: Impact, ended: datetime, incidents: Sequence[Incident], within: timedelta = SOON) -> tuple[Near, ...]:
    """The incidents in (ended, ended + within] on the radius, the soonest first."""
    reach = impact.reach
    found = []
    for one in incidents:
        on = sorted(reach[ci].name for ci in one.cis if ci in reach)
        if on and ended < one.opened <= ended + within:
            found.append(Near(one, (one.opened - ended).total_seconds() / 3600, tuple(on)))
    return tuple(sorted(found, key=lambda n: (n.hours, n.incident.number)))


def review(seen: Comparison, found: Sequence[Near], backed_out: bool, tested: bool | None) -> Review:
    """The outcome that the facts speak for; `tested`: whether its own test passed (None: nobody said).

    A failed test is a failure. What is missing or not planned, or a major incident near it, makes it partial.
    """
    if backed_out:
        return Review(Outcome.BACKED_OUT, ("it was backed out", *seen.sentences), tuple(found))
    if tested is False:
        return Review(Outcome.FAILED, ("its test failed", *seen.sentences), tuple(found))
    if not seen.complete and not seen.matched:
        return Review(Outcome.FAILED, ("nothing of what was planned was seen", *seen.sentences), tuple(found))
    reasons = [*seen.sentences, *(one.sentence for one in found if one.incident.major)]
    if tested is None:
        reasons.append("nobody said whether its test passed")
    return Review(Outcome.PARTIAL if reasons else Outcome.SUCCESS, tuple(reasons), tuple(found))


def may_close(
    proposed: Review, outcome: Outcome, lessons: str, approvals_missing: Sequence[str], against: str = ""
) -> None:
    """Whether a change may be closed with an outcome; better than the facts needs a reason, and so does a failure.

    `against`: that somebody said no once the work had begun; then it is no success, however well it went.
    """
    if approvals_missing:
        reasons = [f"the {role} approval is missing" for role in approvals_missing]
        raise Refused(f"it is not closed: {'; '.join(reasons)}", reasons=reasons)
    if against and outcome not in BAD:
        raise Refused(f"it is not closed as {outcome}: {against}; close it as failed or backed out", reasons=[against])
    order = list(Outcome)
    kinder = order.index(outcome) < order.index(proposed.outcome)
    if (kinder or outcome is not Outcome.SUCCESS) and len(lessons.strip()) < 3:
        why = f"the facts say {proposed.outcome}" if kinder else f"it was {outcome}"
        raise Invalid(f"is missing: {why}, so say what was learnt", where="lessons")
