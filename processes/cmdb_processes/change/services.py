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
from cmdb_processes.change.questions import EFFECT
from cmdb_processes.change.risk import CRITICALITY

Ask = Callable[..., dict[str, Any]]
MOST = 10
"""Services that are computed: those of which something is required first, then the most critical."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An availability: the share of time between two bounds, and how it was computed."""

    lo: float
    hi: float
    method: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Bounds:
        """From {lo hi method}."""
        return cls(float(answer["lo"]), float(answer["hi"]), str(answer["method"]))


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `required` is a share; the minutes are the least and the most, those lost below 0 where it gains."""

    id: str
    name: str
    criticality: str
    required: float | None
    before: Bounds
    during: Bounds
    after: Bounds
    lost_minutes: tuple[float, float]
    window_minutes: tuple[float, float]
    sentence: str
    spofs_added: tuple[str, ...] = ()
    spofs_removed: tuple[str, ...] = ()

    @property
    def row(self) -> Row:
        """As the record keeps it."""
        given: dict[str, Value | None] = {
            "ci": self.id,
            "name": self.name,
            "criticality": self.criticality or None,
            "required": self.required,
            "before_lo": self.before.lo,
            "before_hi": self.before.hi,
            "during_lo": self.during.lo,
            "during_hi": self.during.hi,
            "after_lo": self.after.lo,
            "after_hi": self.after.hi,
            "method": self.after.method,
            "lost_minutes": self.lost_minutes[1],
            "window_minutes": self.window_minutes[1],
            "sentence": self.sentence,
            "spofs_added": self.spofs_added,
            "spofs_removed": self.spofs_removed,
        }
        return {name: value for name, value in given.items() if value is not None}


def services(
    ask: Ask, change: Planned, reached: Sequence[Mapping[str, Any]], sequence: int, proposal: Mapping[str, Any]
) -> tuple[Service, ...]:
    """The services reached, computed as of a sequence in one question; none when there are none.

    `reached` are rows {id name criticality availabilityTarget}, the target in percent.
    """
    chosen = sorted(_left(reached, proposal), key=_matters)[:MOST]
    if not chosen:
        return ()
    answer = ask(
        EFFECT,
        of=[str(one["id"]) for one in chosen],
        down=[ci.id for ci in change.cis],
        hours=change.window.minutes / 60,
        asOf=sequence,
        proposed=dict(proposal) if proposal else None,
    )["availabilityEffect"]
    return tuple(_service(one, item) for one, item in zip(chosen, answer["items"], strict=True))


def not_computed(reached: Sequence[Mapping[str, Any]], proposal: Mapping[str, Any]) -> tuple[str, ...]:
    """That there are more services than are computed, in one sentence; nothing where all are."""
    if (there := len(_left(reached, proposal))) <= MOST:
        return ()
    first = "those of which something is required first, then the most critical"
    return (f"availability is computed of {MOST} of the {there} services reached: {first}",)


def _left(reached: Sequence[Mapping[str, Any]], proposal: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    retired = {str(ci) for ci in proposal.get("retire") or ()}
    return [one for one in reached if str(one["id"]) not in retired]


def _matters(one: Mapping[str, Any]) -> tuple[bool, float, str]:
    """What matters most comes first."""
    criticality = CRITICALITY.get(str(one.get("criticality") or ""), 0)
    return one.get("availabilityTarget") is None, -criticality, str(one["name"])


def _service(one: Mapping[str, Any], item: Mapping[str, Any]) -> Service:
    target = one.get("availabilityTarget")
    return Service(
        id=str(one["id"]),
        name=str(one["name"]),
        criticality=str(one.get("criticality") or ""),
        required=None if target is None else float(target) / 100,
        before=Bounds.of(item["before"]),
        during=Bounds.of(item["during"]),
        after=Bounds.of(item["after"]),
        lost_minutes=(float(item["lostMinutesLo"]), float(item["lostMinutesHi"])),
        window_minutes=(float(item["windowLossMinutesLo"]), float(item["windowLossMinutesHi"])),
        sentence=str(item["sentence"]),
        spofs_added=tuple(str(ci["name"]) for ci in item["spofsAdded"]),
        spofs_removed=tuple(str(ci["name"]) for ci in item["spofsRemoved"]),
    )


def minutes_lost(found: Sequence[Service]) -> tuple[float, float]:
    """The worst of the services: the one that may lose most; nothing where none is reached."""
    return max((one.lost_minutes for one in found), key=lambda lost: lost[1], default=(0.0, 0.0))


def requirements(found: Sequence[Service]) -> tuple[Requirement, ...]:
    """What is required of those that keep it now, or may: who falls short already is no reason to change nothing."""
    return tuple(
        Requirement(one.name, one.required, one.after.lo, one.after.hi)
        for one in found
        if one.required is not None and one.before.hi >= one.required
    )
