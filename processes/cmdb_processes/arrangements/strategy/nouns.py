"""The strategy of a process as rules read it, and the five things that make it one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cmdb.errors import Invalid
from cmdb_processes.arrangements.scope import Scope
from cmdb_processes.timing.spans import moment
from cmdb_processes.timing.windows import duration

PROCESSES = {
    "incident": "incident and service request", "problem": "problem", "change": "change",
    "configuration": "configuration", "release": "release", "service level": "service level", "finance": "financial",
    "capacity": "capacity", "continuity": "service continuity", "availability": "availability",
}  # fmt: skip
"""The processes that have one, by name, with what is managed by each."""
RANKS = range(1, 10)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Objective:
    """What is wanted, the indicator it is measured by, and the value that is wanted at least or at most."""

    objective: str
    kpi: str
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.objective.strip() or not self.kpi.strip():
            raise Invalid("needs what is wanted and the indicator that measures it", where="objectives")
        if (self.at_least is None) == (self.at_most is None):
            raise Invalid(f"{self.kpi!r} needs a target: at least or at most, one of them", where="objectives")

    def __str__(self) -> str:
        sign, value = (">=", self.at_least) if self.at_least is not None else ("<=", self.at_most)
        return f"{self.objective}: {self.kpi} {sign} {value:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Check:
    """One of the things that make it a strategy, whether it holds, and the sentence that says why."""

    name: str
    passed: bool
    because: str


@dataclass(frozen=True, slots=True)
class Strategy:
    """An approved policy; `promises` are seconds to respond, to resolve and between updates by rank of priority."""

    number: str
    process: str
    name: str
    owner: str
    scope: Scope
    approved_by: str
    approved_at: str
    review_due: str
    objectives: tuple[Objective, ...] = ()
    promises: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    priority_matrix: str = ""
    readers: frozenset[str] = frozenset()
    acknowledged: frozenset[str] = frozenset()

    def checks(self, now: int) -> tuple[Check, ...]:
        """The five: approved and owned, scoped, with objectives, in date, and known to those who work by it."""
        unread = sorted(self.readers - self.acknowledged)
        known = f"{', '.join(unread)} did not acknowledge it" if unread else "all who work by it acknowledged it"
        known = known if self.readers else "nobody is named who works by it"
        late = moment(self.review_due) <= now
        aims = f"{len(self.objectives)} with an indicator and a target" if self.objectives else "it has none"
        return (
            Check("approved", True, f"by {self.approved_by} at {self.approved_at}; {self.owner} owns it"),
            Check("scope", True, "everything" if self.scope.everything else "what it names"),
            Check("objectives", bool(self.objectives), aims),
            Check("in date", not late, f"its review {'was' if late else 'is'} due at {self.review_due}"),
            Check("known", bool(self.readers) and not unread, known),
        )  # fmt: skip


def in_force(strategies: Iterable[Strategy], process: str) -> Strategy | None:
    """The one of a process: of two that were approved at once, the later one."""
    own = [one for one in strategies if one.process == process]
    return max(own, key=lambda one: (one.approved_at, len(one.number), one.number), default=None)


def objectives(rows: Iterable[Row]) -> tuple[Objective, ...]:
    """From the rows of a record, as stored or as GraphQL answers."""
    return tuple(
        Objective(
            str(row["objective"]), str(row["kpi"]), row.get("at_least", row.get("atLeast")),
            row.get("at_most", row.get("atMost")), str(row.get("unit") or ""),
        )
        for row in rows
    )  # fmt: skip


def promises(rows: Iterable[Row]) -> dict[int, tuple[int, int, int]]:
    """From the rows of a record: each rank once, none of no time, and what presses more never takes longer."""
    found: dict[int, tuple[int, int, int]] = {}
    for row in rows:
        rank = int(row["rank"])
        if rank not in RANKS or rank in found:
            raise Invalid(f"name each rank from 1 to {RANKS[-1]} once, not {rank}", where="promises")
        times = [duration(str(row[name]), f"promises: {name}") for name in ("response", "resolution", "update")]
        if not all(times) or times[0] > times[1]:
            raise Invalid(f"rank {rank} takes some time, and is responded to before it is resolved", where="promises")
        found[rank] = (times[0], times[1], times[2])
    for (higher, sooner), (lower, later) in pairwise(sorted(found.items())):
        if any(one > other for one, other in zip(sooner, later, strict=True)):
            raise Invalid(f"rank {higher} is promised later than rank {lower}, which presses less", where="promises")
    return found
