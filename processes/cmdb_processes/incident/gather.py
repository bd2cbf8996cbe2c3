"""What the graph says of an incident: whom it hits, hence how bad and how soon, who supports it, by which calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.errors import Refused
from cmdb.words import RecordLink, Value
from cmdb.words.process import Ask
from cmdb.words.record import Row
from cmdb_processes.incident.arranged import DESK, Arranged, arranged
from cmdb_processes.incident.escalation import group_for
from cmdb_processes.incident.questions import IMPACT
from cmdb_processes.priority import DEGREES, Computed, Matrix, Priority, Reached, decide, impact, urgency
from cmdb_processes.timing.spans import moment

MOST = 100
"""CIs that an incident may be about."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A business service that is hit, with what it has promised; `hops` is 0 for one the incident is about itself."""

    id: str
    name: str
    criticality: str | None
    degree: str
    hops: int
    reason: str
    users: int | None = None
    recovery_seconds: int | None = None
    hours: str | None = None
    path: tuple[str, ...] = ()

    @property
    def reached(self) -> Reached:
        """As the rules of priority read it."""
        return Reached(self.name, self.criticality, self.degree)

    @property
    def row(self) -> Row:
        """As a row of the record's part."""
        names = ("name", "criticality", "degree", "hops", "reason", "users")
        return {"ci": self.id, **{name: getattr(self, name) for name in names if getattr(self, name) is not None}}


@dataclass(frozen=True, slots=True)
class Radius:
    """Whom an incident hits: the services, worst first, and the answer in a sentence."""

    hits: tuple[Hit, ...] = ()
    verdict: str = "it names no CI, so nobody knows what it hits"

    @property
    def users(self) -> int:
        """How many people use what is hit, where it is known."""
        return sum(hit.users or 0 for hit in self.hits)

    @property
    def recovery(self) -> int | None:
        """The seconds within which the most pressing of the services has to be back."""
        return min((hit.recovery_seconds for hit in self.hits if hit.recovery_seconds is not None), default=None)

    @property
    def links(self) -> tuple[RecordLink, ...]:
        """IMPACTS, with the path, to each service."""
        return tuple(RecordLink("IMPACTS", hit.id, hit.path) for hit in self.hits)


def radius(ask: Ask, cis: Sequence[str], condition: str | None) -> Radius:
    """Whom these CIs hit if they are down; one that only degrades its CIs degrades at most. One question, or two.

    Other present outages count, since they may have spent a redundancy; that these CIs are down already, by this very
    incident, does not. A service is also hit that another outage brings down as well: else, of two incidents on one
    way to it, each would be lowered because of the other. So beside other outages it is asked without them too.
    """
    if not cis:
        return Radius()
    if len(cis) > MOST:
        raise Refused(f"an incident is about {MOST} CIs at most, not {len(cis)}: name those that failed first")
    answer = _impact(ask, cis, cis)
    found = read(answer, condition)
    hurting = (part["ci"] for part in answer["context"] if hurt(part["ci"]["condition"]))
    others = sorted({ci["id"] for ci in hurting} - set(cis))[:MOST]
    return found if not others else either(found, read(_impact(ask, cis, [*cis, *others]), condition))


def _impact(ask: Ask, cis: Sequence[str], well: Sequence[str]) -> Mapping[str, Any]:
    proposed = {"set": [{"ci": ci, "attributes": {"condition": "up"}} for ci in well]}
    found: Mapping[str, Any] = ask(IMPACT, of=list(cis), proposed=proposed)["impact"]
    return found


def either(one: Radius, other: Radius) -> Radius:
    """Whom either hits, each service as hard as the worse of both says; in the words of the one that hits more."""
    hits: dict[str, Hit] = {}
    for hit in (*one.hits, *other.hits):
        known = hits.get(hit.id)
        if known is None or hit.reached.severity < known.reached.severity:
            hits[hit.id] = hit
    worst = sorted(hits.values(), key=lambda hit: (hit.reached.severity, hit.hops, hit.name))
    return Radius(tuple(worst), other.verdict if len(other.hits) > len(one.hits) else one.verdict)


def read(answer: Mapping[str, Any], condition: str | None) -> Radius:
    """The answer of `impact` as a radius."""
    items = {item["ci"]["id"]: item for item in answer["items"]}
    own = [
        _hit(ci, condition or "down", 0, "it is about this service itself", ())
        for ci in answer["of"]
        if ci["class"] == "BusinessService"
    ]
    others = []
    for ci in answer["services"]:
        item = items[ci["id"]]
        degree = "degraded" if condition == "degraded" else item["degree"].lower()
        path = tuple(edge["from"]["id"] for edge in item["path"])
        others.append(_hit(ci, degree, item["hops"], item["reason"], path))
    hits = sorted((*own, *others), key=lambda hit: (hit.reached.severity, hit.hops, hit.name))
    return Radius(tuple(hits), answer["verdict"])


def _hit(ci: Mapping[str, Any], degree: str, hops: int, reason: str, path: tuple[str, ...]) -> Hit:
    recovery = ci.get("recoveryTimeMin")
    return Hit(
        ci["id"], ci["name"], ci.get("criticality"), degree, hops, reason, ci.get("users"),
        None if recovery is None else recovery * 60, ci.get("serviceHours"), path,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an incident is by what the graph says now."""

    radius: Radius
    priority: Priority
    rank: int
    calendar: str
    group: str
    group_because: str
    strategy: str | None = None

    @property
    def fields(self) -> dict[str, Value]:
        """As fields of the record; the group is left to who opens or assigns it."""
        one = self.priority
        return {
            "priority": one.value, "rank": self.rank, "computed_priority": one.computed,
            "impact": one.impact.level, "impact_because": one.impact.because,
            "urgency": one.urgency.level, "urgency_because": one.urgency.because,
            "override_by": one.override_by or None, "override_reason": one.override_reason or None,
            "calendar": self.calendar, "radius": self.radius.verdict, "strategy": self.strategy,
        }  # fmt: skip

    @property
    def parts(self) -> dict[str, tuple[Row, ...]]:
        """As parts of the record."""
        return {"services": tuple(hit.row for hit in self.radius.hits)}


def assess(
    ask: Ask, matrix: Matrix, cis: Sequence[str], fields: Mapping[str, Value], opened_at: str, now: str
) -> Assessed:
    """How bad, how soon, for whom and by which calendar, as the graph is now; an override of before stays."""
    found = radius(ask, cis, _text(fields, "condition") or None)
    plans = arranged(ask, [*cis, *(hit.id for hit in found.hits)][:MOST], now=moment(now))
    bad = impact(matrix.impacts, [hit.reached for hit in found.hits], found.users)
    calendar = next((hit.hours for hit in found.hits if hit.hours in plans.calendars), None) or "24x7"
    soon = pressing(matrix, found, _text(fields, "urgency_said"), plans, calendar, moment(opened_at), moment(now))
    priority = decide(matrix, bad, soon, before(fields))
    group, why = group_for(plans.support, cis, [(hit.id, hit.hops) for hit in found.hits], DESK)
    number = plans.strategy.number if plans.strategy else None
    return Assessed(found, priority, matrix.rank(priority.value), calendar, group, why, number)


def pressing(
    matrix: Matrix, found: Radius, said: str, plans: Arranged, calendar: str, opened: int, now: int
) -> Computed:
    """The urgency: by what is left until a service that is hit has to be back, or as somebody said, if that is more.

    It hangs on what the service has promised, never on the target of the priority, which it decides itself.
    """
    left = None
    if found.recovery is not None:
        left = found.recovery - plans.calendar(calendar).elapsed(opened, max(opened, now))
    computed = urgency(matrix.urgencies, left)
    if left is None:
        computed = Computed(computed.level, "no service that is hit says how soon it has to be back")
    if said in matrix.urgencies and matrix.urgencies.index(said) < matrix.urgencies.index(computed.level):
        return Computed(said, "as it was said")
    return computed


def before(fields: Mapping[str, Value]) -> Priority | None:
    """The override that holds, as the rules read it."""
    if not fields.get("override_reason"):
        return None
    said = Computed(_text(fields, "impact"), ""), Computed(_text(fields, "urgency"), "")
    value, computed = (int(str(fields[name])) for name in ("priority", "computed_priority"))
    return Priority(value, computed, *said, _text(fields, "override_by"), _text(fields, "override_reason"))


def hurt(condition: str | None) -> bool:
    """Whether an incident says of its CIs that they do not work as they should."""
    return condition in DEGREES


def _text(fields: Mapping[str, Value], name: str) -> str:
    return str(fields.get(name) or "")
