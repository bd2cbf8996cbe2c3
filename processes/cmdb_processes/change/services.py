"""What a change does to the business services it reaches: availability and single points of failure, before, while
it is under way, and once the proposed state is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.words import Value
from cmdb.words.record import Row
from cmdb_processes.change.assessment import Requirement
from cmdb_processes.change.nouns import Planned
from cmdb_processes.change.questions import SERVICE, SERVICE_AFTER
from cmdb_processes.change.risk import CRITICALITY

Ask = Callable[..., dict[str, Any]]
MOST = 10
"""Services that are computed, the most critical first."""


@dataclass(frozen=True, slots=True)
class Availability:
    """A share of time between two bounds; `minutes` are those down in a year, the fewest and the most."""

    lo: float
    hi: float
    minutes: tuple[float, float]
    method: str
    spofs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `required` is a share; `after` is None where nothing of the graph is to change."""

    id: str
    name: str
    criticality: str
    required: float | None
    before: Availability
    during: Availability
    after: Availability | None

    @property
    def minutes_lost(self) -> tuple[float, float]:
        """The least and the most minutes per year that it is down longer afterwards; below 0 it gains."""
        if self.after is None or self.after.minutes == self.before.minutes:
            return 0.0, 0.0
        return self.after.minutes[0] - self.before.minutes[1], self.after.minutes[1] - self.before.minutes[0]

    def row(self, change: Planned) -> Row:
        """As the record keeps it. In the window W·(1 − A) minutes of downtime are to be expected at most."""
        after = self.after
        given: dict[str, Value | None] = {
            "ci": self.id,
            "name": self.name,
            "criticality": self.criticality or None,
            "required": self.required,
            "before_lo": self.before.lo,
            "before_hi": self.before.hi,
            "during_lo": self.during.lo,
            "during_hi": self.during.hi,
            "after_lo": None if after is None else after.lo,
            "after_hi": None if after is None else after.hi,
            "method": (after or self.before).method,
            "window_minutes": round(change.window.minutes * (1 - self.during.lo), 3),
            "spofs_during": tuple(sorted(self.during.spofs - self.before.spofs)),
            "spofs_added": tuple(sorted(after.spofs - self.before.spofs)) if after else None,
            "spofs_removed": tuple(sorted(self.before.spofs - after.spofs)) if after else None,
        }
        return {name: value for name, value in given.items() if value is not None}


def services(
    ask: Ask, change: Planned, reached: Sequence[Mapping[str, Any]], sequence: int, proposal: Mapping[str, Any]
) -> tuple[Service, ...]:
    """The services reached, computed as of a sequence. One question for each, a second one if the graph is to change.

    `reached` are rows {id name criticality availabilityTarget}, the target in percent.
    """
    order = sorted(reached, key=lambda one: (-CRITICALITY.get(str(one.get("criticality") or ""), 0), str(one["name"])))
    retired = {str(ci) for ci in proposal.get("retire") or ()}
    return tuple(
        _service(ask, change, one, sequence, proposal) for one in order[:MOST] if str(one["id"]) not in retired
    )


def _service(ask: Ask, change: Planned, one: Mapping[str, Any], sequence: int, proposal: Mapping[str, Any]) -> Service:
    of, target = str(one["id"]), one.get("availabilityTarget")
    down = [ci.id for ci in change.cis if ci.id != of]
    found = ask(SERVICE, of=of, down=down, asOf=sequence)
    after = ask(SERVICE_AFTER, of=of, asOf=sequence, proposed=dict(proposal)) if proposal else None
    during = _read(found["during"], found["spofsDuring"])
    if len(down) < len(change.cis):  # it is worked on itself
        during = Availability(0.0, 0.0, during.minutes, during.method, frozenset())
    return Service(
        of,
        str(one["name"]),
        str(one.get("criticality") or ""),
        None if target is None else float(target) / 100,
        _read(found["before"], found["spofs"]),
        during,
        None if after is None else _read(after["after"], after["spofs"]),
    )


def _read(availability: Mapping[str, Any], spofs: Mapping[str, Any]) -> Availability:
    minutes = float(availability["minutesLo"]), float(availability["minutesHi"])
    names = frozenset(str(item["name"]) for item in spofs["items"])
    return Availability(
        float(availability["lo"]), float(availability["hi"]), minutes, str(availability["method"]), names
    )


def minutes_lost(found: Sequence[Service]) -> tuple[float, float]:
    """The worst of the services: the one that may lose most."""
    return max((one.minutes_lost for one in found), key=lambda lost: lost[1], default=(0.0, 0.0))


def requirements(found: Sequence[Service]) -> tuple[Requirement, ...]:
    """Those that the proposed state would break and the present one does not break already."""
    return tuple(
        Requirement(one.name, one.required, one.after.lo, one.after.hi)
        for one in found
        if one.required is not None and one.after is not None and one.before.hi >= one.required
    )
