"""Gather what an assessment needs from the graph, apply the rules, and freeze it: the one place where they meet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmdb.errors import Refused, UnknownName
from cmdb.words import Record
from cmdb_processes.change import answers, earlier
from cmdb_processes.change.arranged import Plans, plans
from cmdb_processes.change.assessment import POLICY, Assessment, assess
from cmdb_processes.change.combined import combined
from cmdb_processes.change.conflicts import Conflict, conflicts, outages, outside
from cmdb_processes.change.evidence import Evidence, Inputs, freeze
from cmdb_processes.change.models import MODELS, NORMAL
from cmdb_processes.change.nouns import Budgeted, Impact, Planned
from cmdb_processes.change.parts import ACCEPTED
from cmdb_processes.change.questions import ASSESSED, IMPACT, OPEN, TOGETHER, touched
from cmdb_processes.change.risk import Facts, risk
from cmdb_processes.change.services import Service, minutes_lost, not_computed, requirements, services
from cmdb_processes.change.window import Window

Ask = Callable[..., dict[str, Any]]
NEIGHBOURS = 50
"""Changes that overlap one: each is asked about, so there is an end."""
LIVE = "live"
"""The status of a CI that is there."""
MOST = 100
"""CIs that can be asked about together."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An assessment with what it was taken from, frozen."""

    assessment: Assessment
    impact: Impact
    radius: str  # in one sentence
    evidence: Evidence
    change: Planned
    services: tuple[Service, ...] = ()


def take(ask: Ask, record: Record) -> Taken:
    """Assess a change as the graph is now. Everything is asked at one sequence, that of the first answer.

    Questions: one, one of what is arranged, one for each 100 open changes and each 10 that overlap, one for each that
    overlaps, one for each set of these that might spend a redundancy together, one for all services, and a few for
    earlier changes.
    """
    window = window_of(record)
    given = {"begin": window.start.isoformat(), "minutes": window.minutes}
    answer = ask(ASSESSED, of=list(record.cis), **given)["impact"]
    if gone := [ci for ci in answer["of"] if ci.get("status", LIVE) != LIVE]:
        raise UnknownName(f"{gone[0]['name']} is {gone[0]['status']}", where="cis")
    own, alone = own_change(record, answer), answers.impact(answer)
    others = open_changes(ask, own.number, own.window)
    around = plans(ask, own, answer.get("services") or ())
    found = (*_conflicts(ask, own, tuple(others), alone, around), *outages(own, alone, answers.outages(answer)))
    proposal = proposal_of(record)
    there = answer.get("services") or ()
    reached, left = services(ask, own, there, alone.sequence, proposal), not_computed(there, proposal)
    counted = answers.budgets(answer)
    told = _told(ask, record, own, alone, found, reached, outside(own.window, around.maintenance), counted, left)
    taken = {"impact": answer, "services": [dict(one.row) for one in reached]}
    inputs = _inputs(own, tuple(others), alone, proposal, around)
    return Taken(
        told, alone, str(answer.get("verdict") or ""), freeze(inputs, _plain(taken), told.as_json()), own, reached
    )


def _told(
    ask: Ask,
    record: Record,
    own: Planned,
    alone: Impact,
    found: tuple[Conflict, ...],
    reached: tuple[Service, ...],
    minutes_outside: float,
    budgets: tuple[Budgeted, ...],
    left: tuple[str, ...],
) -> Assessment:
    tracks = earlier.track(ask, record.cis, _text(record, "template") or None)
    facts = Facts(
        impact=alone,
        conflicts=found,
        minutes_lost=minutes_lost(reached),
        records=tracks,
        backout=bool(_text(record, "backout")),
        backout_tested=bool(record.fields.get("backout_tested")),
        outside=minutes_outside,
        done_before=max((track.done for track in tracks), default=0),
        budgets=budgets,
        not_computed=left,
    )
    accepted = {str(row["sentence"]): str(row["reason"]) for row in record.part(ACCEPTED.name)}
    model = MODELS.get(record.model, NORMAL)
    return assess(own, model, alone, risk(facts), found, requirements(reached), accepted)


def thawed_impact(evidence: Mapping[str, Any]) -> Impact:
    """The impact that evidence holds: {version inputs answers conclusion}, as `Evidence.content` gives it."""
    return answers.impact(evidence["answers"]["impact"])


def proposal_of(record: Record) -> Mapping[str, Any]:
    """The graph diff a change proposes, empty when it changes none."""
    found: dict[str, Any] = json.loads(str(record.fields.get("proposed") or "{}"))
    return found


def own_change(record: Record, answer: Mapping[str, Any]) -> Planned:
    """A change as the rules take it; `answer` names its CIs: {of {id name class}}."""
    fields = record.fields
    names = fields.get("implementers") or ()
    people = frozenset(map(str, names)) if isinstance(names, tuple) else frozenset[str]()
    cis = tuple(map(answers.ci, answer["of"]))
    return Planned(record.number, str(fields.get("title")), cis, window_of(record), people, record.model)


def window_of(record: Record) -> Window:
    """When a change is to be done."""
    start, end = (datetime.fromisoformat(str(record.fields[name])) for name in ("window_start", "window_end"))
    return Window(start, end)


def open_changes(ask: Ask, number: str, window: Window) -> tuple[Planned, ...]:
    """The open changes but this one and drafts that overlap a window, by number.

    Refused when there are too many. Questions: one for each 100 open changes, and one for each 10 that overlap.
    """
    nodes = [node for node in _open_nodes(ask) if node["number"] != number and _overlaps(node, window)]
    if len(nodes) > NEIGHBOURS:
        raise Refused(f"more than {NEIGHBOURS} open changes overlap {number}: choose a quieter window, or look at less")
    nodes.sort(key=lambda node: str(node["number"]))
    cis: dict[str, Any] = {}
    for at in range(0, len(nodes), TOGETHER):
        part = nodes[at : at + TOGETHER]
        answer = ask(touched(len(part)), **{f"n{n}": node["number"] for n, node in enumerate(part)})
        cis |= {one["number"]: one["cis"] for one in answer.values()}
    return tuple(answers.planned({**node, "cis": cis[node["number"]]}) for node in nodes if cis[node["number"]])


def _open_nodes(ask: Ask) -> Iterator[Mapping[str, Any]]:
    after = None
    while True:
        page = ask(OPEN, after=after)["changeRequests"]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _overlaps(node: Mapping[str, Any], window: Window) -> bool:
    """A draft touches nothing, and may have no window yet."""
    if node["state"] == "draft" or not node["windowStart"]:
        return False
    start, end = (datetime.fromisoformat(node[name]) for name in ("windowStart", "windowEnd"))
    return Window(start, end).overlaps(window)


def joint(ask: Ask, changes: Mapping[str, Planned], sequence: int) -> Callable[[frozenset[str]], Impact]:
    """What asks for the joint impact of changes, by their numbers."""

    def together(numbers: frozenset[str]) -> Impact:
        cis = sorted({ci.id for number in numbers for ci in changes[number].cis})
        if len(cis) > MOST:
            raise Refused(f"{', '.join(sorted(numbers))} work on {len(cis)} CIs together, {MOST} can be asked about")
        found = answers.impact(ask(IMPACT, of=cis, asOf=sequence)["impact"])
        if found.truncated:
            raise Refused(f"the radius of {', '.join(sorted(numbers))} cannot be taken whole: {found.truncated}")
        return found

    return together


def _conflicts(
    ask: Ask, own: Planned, others: tuple[Planned, ...], alone: Impact, around: Plans
) -> tuple[Conflict, ...]:
    together = joint(ask, {change.number: change for change in (own, *others)}, alone.sequence)
    impacts = {other.number: together(frozenset({other.number})) for other in others}
    impacts[own.number] = alone
    plain = conflicts(own, others, impacts, around.freezes, around.maintenance, around.felt)
    return (*plain, *combined(own, others, together, impacts))


def _inputs(
    own: Planned, others: tuple[Planned, ...], alone: Impact, proposal: Mapping[str, Any], around: Plans
) -> Inputs:
    near = {
        other.number: {
            "cis": sorted(ci.id for ci in other.cis),
            "committed": other.committed,
            "window": _window(other),
        }
        for other in others
    }
    context = {"changes": near, "arrangements": around.named}
    return Inputs(own.number, alone.sequence, tuple(ci.id for ci in own.cis), _window(own), proposal, context, POLICY)


def _window(change: Planned) -> tuple[str, str]:
    return change.window.start.isoformat(), change.window.end.isoformat()


def _plain(value: Any) -> Any:
    """JSON has lists only."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _text(record: Record, name: str) -> str:
    return str(record.fields.get(name) or "").strip()
