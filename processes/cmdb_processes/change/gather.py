"""Gather what an assessment needs from the graph, apply the rules, and freeze it: the one place where they meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmdb.errors import Refused
from cmdb.words import Record
from cmdb_processes.change import answers
from cmdb_processes.change.assessment import POLICY, Assessment, assess
from cmdb_processes.change.combined import combined
from cmdb_processes.change.conflicts import Conflict, conflicts
from cmdb_processes.change.evidence import Evidence, Inputs, freeze
from cmdb_processes.change.models import MODELS, NORMAL
from cmdb_processes.change.nouns import Impact, Planned
from cmdb_processes.change.questions import IMPACT, OPEN
from cmdb_processes.change.risk import Facts, risk
from cmdb_processes.change.window import Window

Ask = Callable[..., dict[str, Any]]
NEIGHBOURS = 50
"""Changes that overlap one: each is asked about, so there is an end."""
MOST = 100
"""CIs that can be asked about together."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An assessment with what it was taken from, frozen."""

    assessment: Assessment
    impact: Impact
    radius: str  # in one sentence
    evidence: Evidence


def take(ask: Ask, record: Record) -> Taken:
    """Assess a change as the graph is now. Everything is asked at one sequence, that of the first answer.

    Questions: one, one page of open changes per 100, one for each that overlaps, and one for each set of these that
    might spend a redundancy together.
    """
    answer = ask(IMPACT, of=list(record.cis))["impact"]
    own, alone = _planned(record, answer), answers.impact(answer)
    others = _overlapping(ask, own)
    found = _conflicts(ask, own, others, alone)
    facts = Facts(
        impact=alone,
        conflicts=found,
        minutes_lost=None,
        records=(),
        backout=bool(str(record.fields.get("backout") or "").strip()),
        backout_tested=False,
        outside=0,
        done_before=0,
    )
    told = assess(own, MODELS.get(record.model, NORMAL), alone, risk(facts), found)
    radius = str(answer.get("verdict") or "")
    return Taken(told, alone, radius, freeze(_inputs(own, others, alone), {"impact": answer}, told.as_json()))


def thawed_impact(evidence: Mapping[str, Any]) -> Impact:
    """The impact that evidence holds: {version inputs answers conclusion}, as `Evidence.content` gives it."""
    return answers.impact(evidence["answers"]["impact"])


def _planned(record: Record, answer: Mapping[str, Any]) -> Planned:
    fields = record.fields
    start, end = (datetime.fromisoformat(str(fields[name])) for name in ("window_start", "window_end"))
    cis = tuple(map(answers.ci, answer["of"]))
    return Planned(record.number, str(fields.get("title")), cis, Window(start, end), model=record.model)


def _overlapping(ask: Ask, own: Planned) -> tuple[Planned, ...]:
    """The open changes whose windows overlap this one's, by number."""
    found: list[Planned] = []
    after = None
    while True:
        page = ask(OPEN, after=after)["changeRequests"]
        others = [answers.planned(node) for node in page["nodes"] if node["cis"] and node["number"] != own.number]
        found += [other for other in others if other.window.overlaps(own.window)]
        if len(found) > NEIGHBOURS:
            raise Refused(f"more than {NEIGHBOURS} open changes overlap {own.number}: choose a quieter window")
        if not page["pageInfo"]["hasNextPage"]:
            return tuple(sorted(found, key=lambda other: other.number))
        after = page["pageInfo"]["endCursor"]


def _conflicts(ask: Ask, own: Planned, others: tuple[Planned, ...], alone: Impact) -> tuple[Conflict, ...]:
    by_number = {change.number: change for change in (own, *others)}

    def together(numbers: frozenset[str]) -> Impact:
        cis = sorted({ci.id for number in numbers for ci in by_number[number].cis})
        if len(cis) > MOST:
            raise Refused(f"{', '.join(sorted(numbers))} work on {len(cis)} CIs together, {MOST} can be asked about")
        found = answers.impact(ask(IMPACT, of=cis, asOf=alone.sequence)["impact"])
        if found.truncated:
            raise Refused(f"the radius of {', '.join(sorted(numbers))} cannot be taken whole: {found.truncated}")
        return found

    impacts = {other.number: together(frozenset({other.number})) for other in others}
    impacts[own.number] = alone
    plain = conflicts(own, others, impacts)
    return (*plain, *combined(own, others, together, impacts))


def _inputs(own: Planned, others: tuple[Planned, ...], alone: Impact) -> Inputs:
    near = {
        other.number: {
            "cis": sorted(ci.id for ci in other.cis),
            "committed": other.committed,
            "window": _window(other),
        }
        for other in others
    }
    return Inputs(
        own.number, alone.sequence, tuple(ci.id for ci in own.cis), _window(own), {}, {"changes": near}, POLICY
    )


def _window(change: Planned) -> tuple[str, str]:
    return change.window.start.isoformat(), change.window.end.isoformat()
