"""The clocks of open records, read from their history, and what time does to them. Pure but asking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.words import Attribute, Effect, PartType, Question, Shape, Timer
from cmdb.words.process import Ask
from cmdb_processes.incident import closing, escalation, major
from cmdb_processes.incident.arranged import Arranged, arranged
from cmdb_processes.incident.gather import assess
from cmdb_processes.incident.questions import open_page
from cmdb_processes.incident.settings import matrix
from cmdb_processes.incident.targets import of_transitions, targets
from cmdb_processes.timing.clock import Reading, shortest
from cmdb_processes.timing.spans import moment, text

Row = Mapping[str, Any]
STIMULI = {
    "open_incident": "open", "request_item": "open", "begin_incident": "begin", "begin_request": "begin",
    "hold_incident": "put on hold", "hold_request": "put on hold", "resolve_incident": "resolve",
    "fulfil_request": "fulfil", "confirm_incident": "confirm", "confirm_request": "confirm",
    "close_incident": "auto-close", "close_request": "auto-close", "reopen_incident": "reopen",
    "reopen_request": "reopen", "cancel_incident": "cancel", "cancel_request": "cancel", "reject_request": "reject",
    "note_incident": "note", "note_service_request": "note", "tell_incident": "note",
}  # fmt: skip
"""What each command is to the clocks."""
CLOCKED = "rank calendar history { at command toState toCategory waiting }"
KINDS = {"incidents": "incident", "serviceRequests": "serviceRequest"}


def readings(row: Row, plans: Arranged, now: int) -> dict[str, Reading]:
    """What the clocks of a record show, by kind of promise."""
    rank = int(row["rank"] or 4)
    history = of_transitions(row["history"], STIMULI, rank)
    return shortest(targets(plans.calendar(row["calendar"]), plans.promises), history, now)


def opened(ask: Ask, plural: str, selection: str) -> Iterator[Row]:
    """Every record of a type that is not done, oldest first, a page at a time."""
    after = None
    while True:
        page = ask(open_page(plural, selection), after=after)[plural]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


_READING = PartType(
    "readings", "ServiceLevelReading", "What the clock of a promise shows.",
    (
        Attribute("kind", "string", "Response, resolution or update.", required=True),
        Attribute("target", "string", "The promise in words.", required=True),
        Attribute("state", "string", "Not started, running, paused, complete or cancelled.", required=True),
        Attribute("elapsed", "int", "What is used up, in business time.", unit="s", required=True),
        Attribute("left", "int", "What is left, in business time.", unit="s", required=True),
        Attribute("length", "int", "What was promised, in business time.", unit="s", required=True),
        Attribute("paused", "int", "What did not count, in business time.", unit="s", required=True),
        Attribute("breach_at", "datetime", "When it is, or was, used up; null while it is paused before that."),
        Attribute("breached", "boolean", "Whether it took longer than promised.", required=True),
        Attribute("sentence", "string", "The same in words.", required=True),
    ),
)  # fmt: skip


def _levels(ask: Ask, given: Mapping[str, Any], _who: Any, now: str) -> Mapping[str, Any]:
    number = str(given["number"])
    kind = "serviceRequest" if number.startswith("REQ-") else "incident"
    row = ask(f"query C($n: String!) {{ {kind}(number: $n) {{ {CLOCKED} }} }}", n=number)[kind]
    at = moment(now)
    found = readings(row, arranged(ask), at)
    return {"number": number, "calendar": row["calendar"], "readings": [_row(k, r, at) for k, r in found.items()]}


def _row(kind: str, one: Reading, now: int) -> dict[str, Any]:
    return {
        "kind": kind, "target": one.target.name, "state": one.state.value, "elapsed": one.elapsed, "left": one.left,
        "length": one.length, "paused": sum(one.paused.values()), "breached": one.breached,
        "breach_at": None if one.breach_at is None else text(one.breach_at), "sentence": one.sentence(now),
    }  # fmt: skip


SERVICE_LEVELS = Question(
    "service_levels",
    "What the clocks of an incident or a service request show now, read from its history.",
    (Attribute("number", "string", "Its number, such as INC-1 or REQ-1.", required=True),),
    Shape(
        "ServiceLevels", "The clocks of a record.",
        (
            Attribute("number", "string", "The record.", required=True),
            Attribute("calendar", "string", "The calendar by which they run."),
        ),
        (_READING,),
    ),
    _levels,
)  # fmt: skip


def _escalations(ask: Ask, now: str) -> Iterator[Effect]:
    at, plans = moment(now), arranged(ask)
    for plural, kind in KINDS.items():
        more = "major majorSince told reviewedAt stateSince waiting" if kind == "incident" else ""
        for row in opened(ask, plural, f"{CLOCKED} escalated {more}"):
            done = row["escalated"] or ()
            found = [(e.key, e.sentence) for e in escalation.due(readings(row, plans, at).values(), done)]
            found += [one for one in _major(row, plans, at) if one[0] not in done]
            if found:
                keys, said = zip(*found, strict=True)
                command = "escalate_incident" if kind == "incident" else "escalate_request"
                yield Effect(command, row["number"], {"keys": keys, "reason": "; ".join(said)[:1000]})


def _major(row: Row, plans: Arranged, now: int) -> list[tuple[str, str]]:
    """What is due of a major incident: the next word to each audience, and the review."""
    if row.get("major") != "accepted":
        return []
    policy, told = major.Policy(), {}
    for line in row["told"] or ():
        audience, _, when = line.partition(" ")
        told[audience] = moment(when)
    if row["waiting"] != "confirmation":
        due = [one for one in major.updates(policy, moment(row["majorSince"]), told, now) if one.at <= now]
        return [(f"word {one.audience} {one.at}", f"a word to {one.audience} is due") for one in due]
    late = major.review_due(policy, plans.office, moment(row["stateSince"]))
    return [(f"review {late}", "its review is due")] if late <= now and not row["reviewedAt"] else []


def _silence(ask: Ask, now: str) -> Iterator[Effect]:
    at, office = moment(now), arranged(ask).office
    missing = "resolutionCode resolution cause cis { id } major tasks { name state }"
    for plural, kind in KINDS.items():
        more = missing if kind == "incident" else ""
        for row in opened(ask, plural, f"waiting stateSince {more}"):
            if row["waiting"] != "confirmation":
                continue
            if kind == "incident" and (not row["cause"] or not row["cis"] or row["major"] in ("candidate", "accepted")):
                continue  # only a person can say what is missing
            if closing.auto_close_at(closing.Policy(), office, moment(row["stateSince"])) <= at:
                command = "close_incident" if kind == "incident" else "close_request"
                yield Effect(command, row["number"], {"closed_how": "auto-closed"})


def _moved(ask: Ask, now: str) -> Iterator[Effect]:
    names = "openedAt condition urgencySaid priority computedPriority impact urgency radius overrideBy overrideReason"
    for row in opened(ask, "incidents", f"waiting cis {{ id }} {names}"):
        if row["waiting"] == "confirmation" or not row["cis"]:
            continue
        fields = {_snake(name): row[name] for name in names.split() if name != "openedAt"}
        found = assess(ask, matrix(), [ci["id"] for ci in row["cis"]], fields, row["openedAt"], now).fields
        if any(found[name] != fields[name] for name in ("computed_priority", "impact", "urgency", "radius")):
            yield Effect("recompute_incident", row["number"])


def _approvals(ask: Ask, _now: str) -> Iterator[Effect]:
    from cmdb_processes.incident.items import catalogue

    known = catalogue()
    for row in opened(ask, "serviceRequests", "state item"):
        item = known.get(row["item"])
        if row["state"] == "new" and item is not None and item.approval is not None:
            yield Effect("submit_request", row["number"])


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


TIMERS = (
    Timer("approval", "A new request that needs approval asks for it.", _approvals),
    Timer("escalation", "Used-up time escalates, words to audiences and reviews fall due.", _escalations),
    Timer("silence", "What nobody objected to for some working days is closed.", _silence),
    Timer("priority", "Priority follows the graph and the time.", _moved),
)
