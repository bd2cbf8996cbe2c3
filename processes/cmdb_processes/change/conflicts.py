"""What else happens while a change does: every conflict with a neighbour, a freeze, a window or a person is listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cmdb_processes.change.nouns import CI, Group, Impact, Planned, Severity
from cmdb_processes.change.window import Window


class Kind(StrEnum):
    """What a conflict is about."""

    SAME_CI = "same CI"
    DEPENDENCY = "dependency"
    REDUNDANCY = "redundancy partner"
    COMBINED = "combined"
    OUTSIDE = "outside maintenance window"
    FREEZE = "freeze"
    IMPLEMENTER = "implementer booked twice"
    OUTAGE = "present outage"


BLOCKING = frozenset(Kind) - {Kind.DEPENDENCY, Kind.REDUNDANCY, Kind.OUTAGE}
"""A dependency or a partner is said and may be accepted; what it truly costs is in the combined conflicts. What is out
at present may be back by then: the radius counts with it, and so does the risk."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict: with which changes or which freeze, about which CIs, in a sentence.

    It is `firm` unless one of these changes is not approved yet: whichever is approved first stands, and the other is
    blocked from then on.
    """

    kind: Kind
    others: tuple[str, ...]
    cis: tuple[CI, ...]
    sentence: str
    severity: Severity = Severity.NONE  # of a combined conflict
    firm: bool = True

    @property
    def blocks(self) -> bool:
        """Whether a change with it is blocked; a combination that only spends what is spare does not."""
        if self.kind is Kind.COMBINED and self.severity <= Severity.AT_RISK:
            return False
        return self.firm and self.kind in BLOCKING


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing is changed; of these CIs only, or of all (no ids). `number` is that of its record."""

    name: str
    window: Window
    cis: frozenset[str] = frozenset()
    number: str = ""


def conflicts(
    change: Planned,
    others: Sequence[Planned],
    impacts: Mapping[str, Impact],
    freezes: Sequence[Freeze] = (),
    maintenance: Mapping[str, Sequence[Window]] | None = None,
    felt: Sequence[CI] = (),
) -> tuple[Conflict, ...]:
    """All conflicts of a change but the combined ones (see combined.py), in the order of `Kind`.

    `others` are the open changes, those that do not overlap are left aside; `impacts` holds the impact of each change
    alone, by number; `maintenance` the windows of each CI that has any, by id; freezes and windows are also those of
    the services that feel the change.
    """
    near = [o for o in others if o.number != change.number and o.window.overlaps(change.window)]
    found = [replace(one, firm=other.committed) for other in near for one in _with(change, other, impacts)]
    found += _frozen((*change.cis, *felt), change.window, freezes)
    found += _outside((*change.cis, *felt), change.window, maintenance or {})
    order = list(Kind)
    return tuple(sorted(found, key=lambda c: (order.index(c.kind), c.others, c.sentence)))


def _with(change: Planned, other: Planned, impacts: Mapping[str, Impact]) -> Iterator[Conflict]:
    theirs = {ci.id for ci in other.cis}
    same = tuple(ci for ci in change.cis if ci.id in theirs)
    if same:
        yield Conflict(Kind.SAME_CI, (other.number,), same, f"{other.number} works on {listed(same)} too")
    mine, its = impacts.get(change.number), impacts.get(other.number)
    if mine is not None:
        yield from _dependents(mine, other.cis, change, other, f"{other.number} works on", "this change")
    if its is not None:
        yield from _dependents(its, change.cis, change, other, "this change works on", other.number)
    if mine is not None and its is not None:
        yield from _partners(mine, its, other)
    if booked := sorted(change.implementers & other.implementers):
        who = " and ".join(booked)
        sentence = f"{who} {'works' if len(booked) == 1 else 'work'} on {other.number} at the same time"
        yield Conflict(Kind.IMPLEMENTER, (other.number,), (), sentence)


def _dependents(
    impact: Impact, cis: Sequence[CI], change: Planned, other: Planned, who: str, what: str
) -> Iterator[Conflict]:
    """The CIs of one change that what the other works on can bring down, over any number of hops."""
    both = {ci.id for ci in change.cis} & {ci.id for ci in other.cis}
    above = impact.reach.keys() - {ci.id for ci in impact.of}
    if hit := tuple(ci for ci in cis if ci.id in above and ci.id not in both):
        verb = "depends" if len(hit) == 1 else "depend"
        sentence = f"{who} {listed(hit)}, which {verb} on what {what} works on"
        yield Conflict(Kind.DEPENDENCY, (other.number,), hit, sentence)


def _partners(mine: Impact, its: Impact, other: Planned) -> Iterator[Conflict]:
    """Groups of which each change takes members the other does not."""
    down, also = mine.severity, its.severity
    for group in sorted({*mine.groups, *its.groups}, key=lambda g: (g.ci, g.members)):
        here, there = _lost(group, down), _lost(group, also)
        if here - there and there - here:
            taken = [tuple(ci for ci in group.members if ci.id in lost) for lost in (here, there)]
            members = tuple(ci for ci in group.members if ci.id in here | there)
            yield Conflict(
                Kind.REDUNDANCY,
                (other.number,),
                (group.ci, *members),
                f"{group.ci.name} needs {group.needed} of {group.total}: "
                f"this change takes {listed(taken[0])}, {other.number} takes {listed(taken[1])}",
            )


def _lost(group: Group, severity: Mapping[str, Severity]) -> frozenset[str]:
    return frozenset(ci.id for ci in group.members if severity.get(ci.id, Severity.NONE) >= Severity.DEGRADED)


def _frozen(cis: Sequence[CI], window: Window, freezes: Sequence[Freeze]) -> Iterator[Conflict]:
    for freeze in freezes:
        hit = tuple(ci for ci in cis if not freeze.cis or ci.id in freeze.cis)
        if hit and freeze.window.overlaps(window):
            said = f"{listed(hit)}: {freeze.name} freezes it until {_moment(freeze.window.end)}"
            yield Conflict(Kind.FREEZE, (freeze.number or freeze.name,), hit, said)


def _outside(cis: Sequence[CI], window: Window, maintenance: Mapping[str, Sequence[Window]]) -> Iterator[Conflict]:
    for ci in cis:
        windows = maintenance.get(ci.id)
        if windows is None or (left := uncovered(window, windows)) == 0:
            continue
        sentence = f"{left:.0f} of {window.minutes:.0f} min are outside the maintenance windows of {ci.name}"
        yield Conflict(Kind.OUTSIDE, (), (ci,), sentence)


def outside(window: Window, maintenance: Mapping[str, Sequence[Window]]) -> float:
    """The minutes that lie outside the maintenance windows of what has any, where most do."""
    return max((uncovered(window, windows) for windows in maintenance.values()), default=0.0)


def uncovered(window: Window, windows: Sequence[Window]) -> float:
    """The minutes of a window that lie in none of the others."""
    left, at = 0.0, window.start
    for one in sorted(windows, key=lambda w: w.start):
        if one.end <= at or one.start >= window.end:
            continue
        left += max((one.start - at).total_seconds(), 0) / 60
        at = min(one.end, window.end)
    return left + (window.end - at).total_seconds() / 60


def listed(cis: Sequence[CI], most: int = 5) -> str:
    """Names in a sentence: "a, b and c"; those left out are counted."""
    names = [ci.name for ci in cis[:most]]
    if len(cis) > most:
        return f"{', '.join(names)} and {len(cis) - most} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def outages(change: Planned, impact: Impact, out: Sequence[tuple[CI, Severity]]) -> tuple[Conflict, ...]:
    """What is out at present near a change: it is in the radius, or the change takes what stands in for it."""
    down = impact.severity
    own = {ci.id for ci in change.cis}
    found = []
    for ci, how in out:
        if ci.id in own:
            continue
        pairs = [g for g in impact.groups if ci in g.members and _lost(g, down) - {ci.id}]
        if pairs:
            taken = tuple(m for m in pairs[0].members if m.id in _lost(pairs[0], down) - {ci.id})
            sentence = f"{ci.name} is {how.word} at present, and this change takes {listed(taken)} beside it"
            found.append(Conflict(Kind.OUTAGE, (), (ci, *taken), sentence))
        elif ci.id in impact.reach:
            found.append(Conflict(Kind.OUTAGE, (), (ci,), f"{ci.name} is {how.word} at present: the radius has it in"))
    return tuple(found)


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M %Z").strip()
