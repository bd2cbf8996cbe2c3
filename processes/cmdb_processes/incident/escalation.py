"""Escalation: to another group because of what it is about, and upwards because time runs out. Pure.

What is due is read from the clocks each time, and what was carried out is in the record: nothing fires twice, nothing
is lost when a server was down while it fell due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.errors import Invalid, Refused
from cmdb_processes.timing.clock import Reading, State


@dataclass(frozen=True, slots=True)
class Escalation:
    """A threshold that was reached: `key` is what the record keeps once it is carried out."""

    key: str
    target: str
    percent: int
    action: str
    at: int
    sentence: str


def due(readings: Iterable[Reading], carried_out: Collection[str]) -> tuple[Escalation, ...]:
    """The thresholds reached by running and paused clocks and not carried out yet, in the order of time.

    Each run of a clock has thresholds of its own, so a reopened record may escalate again. What is complete or
    cancelled escalates no more.
    """
    found = []
    for reading in readings:
        if reading.state not in (State.RUNNING, State.PAUSED):
            continue
        for reached in reading.reached:
            percent = reached.threshold.percent
            key = f"{reading.target.kind} {percent} {reading.target.name} {reading.start}"
            if key not in carried_out:
                said = f"{reading.target.name}: {percent} % of the time is used up"
                found.append(Escalation(key, reading.target.name, percent, reached.threshold.action, reached.at, said))
    return tuple(sorted(found, key=lambda one: (one.at, one.percent, one.target)))


def next_at(readings: Iterable[Reading]) -> int | None:
    """The first moment ahead at which a running clock is used up; None if there is none. For sorting queues."""
    ahead = [r.breach_at for r in readings if r.state is State.RUNNING and r.breach_at is not None and not r.breached]
    return min(ahead, default=None)


def group_for(
    support: Mapping[str, str], cis: Sequence[str], services: Sequence[tuple[str, int]], default: str
) -> tuple[str, str]:
    """The support group and why: that of the CI it is about, else of the nearest service reached, else the default.

    `support` gives groups by id of CI or service; `services` are ids with their hops.
    """
    for ci in cis:
        if ci in support:
            return support[ci], f"supports {ci}"
    for service, hops in sorted(services, key=lambda one: (one[1], one[0])):
        if service in support:
            return support[service], f"supports {service}, which is reached in {hops} hops"
    return default, "nobody supports what it is about"


def hand_over(group: str, to: str, groups: Collection[str], why: str) -> str:
    """The line for the history when another group takes over; Refused or Invalid if that makes no sense."""
    if to not in groups:
        raise Invalid(f"there is no support group {to!r}; known are {', '.join(sorted(groups))}", where="group")
    if to == group:
        raise Refused(f"it is with {to} already")
    if len(why.strip()) < 3:
        raise Invalid(f"is missing: {to} wants to know what was found so far", where="reason")
    return f"from {group} to {to}: {why.strip()}"
