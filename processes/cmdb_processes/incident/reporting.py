"""An event comes in: bound to its CI, classified by the catalogue, and made a record, one more of one, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb.words import Decision, Effect, Principal, RecordLink
from cmdb.words.process import Ask
from cmdb_processes.incident import events, questions
from cmdb_processes.incident.arranged import expected
from cmdb_processes.incident.catalogue import find
from cmdb_processes.incident.events import SEVERITIES, Act, Bound, Classified, Do, Event, EventRule, Known
from cmdb_processes.incident.items import catalogue as items
from cmdb_processes.incident.rules import bindings, rules
from cmdb_processes.incident.settings import matrix
from cmdb_processes.timing.spans import moment

Given = Mapping[str, Any]


def sort(ask: Ask, given: Given, _who: Principal, now: str) -> tuple[str, Given]:
    """What an event is and what it is about; the key says which others are the same thing and must not come between.

    Questions: one for each key of its binding until one fits.
    """
    severity = given.get("severity")
    if severity is not None and severity not in SEVERITIES:
        raise Invalid(f"is one of {', '.join(SEVERITIES)}, not {severity!r}", where="severity")
    fields = {**_facts(given), "text": given["text"], "severity": severity}
    named = tuple(given.get("cis") or ())
    bound = Bound(named[0], "it was named") if len(named) == 1 else bind(ask, str(given["source"]), fields)
    found = events.classify(rules(), Event(str(given["source"]), moment(now), fields, bound.ci))
    return digest(found.key), {"bound": bound, "found": found}


def report(ask: Ask, _record: None, given: Given, who: Principal, now: str) -> Decision:
    """Decide what follows from an event that was sorted; a question for the known, unless it is only logged anyway."""
    bound, found, facts, named = given["bound"], given["found"], _facts(given), tuple(given.get("cis") or ())
    severity, key = given.get("severity"), digest(given["found"].key)
    act = events.act(_known(ask, found, key), found)
    if act.do is Do.INCIDENT and (why := expected(ask, bound.ci, moment(now))):
        act = Act(Do.LOG, why=f"expected: {why}")
    rule = found.rule
    kept = {
        "source": given["source"], "text": given["text"], "severity": severity or (rule.severity if rule else None),
        "rule": rule.name if rule else None, "event_class": rule.event_class if rule else None,
        "event_category": rule.category if rule else None, "outcome": act.do.value, "because": act.why,
        "bound_because": bound.why, "event_key": key or None,
    }  # fmt: skip
    cis = named or ((bound.ci,) if bound.ci else ())
    links = (RecordLink("EVIDENCE_FOR", act.number),) if act.number else ()
    effects = _follows(found, act, kept, facts, cis, now)
    why = f"{act.do.value}: {act.why}" if rule else "nobody declared a rule for it: it is only logged"
    parts = {"facts": tuple(given.get("facts") or ())}
    said = {name: value for name, value in kept.items() if value is not None}
    return Decision("recorded", said, why, cis=cis, links=links, effects=effects, parts=parts, owner=who.name)


def _facts(given: Given) -> dict[str, Any]:
    return {str(row["name"]): row["value"] for row in given.get("facts") or ()}


def digest(key: Sequence[str]) -> str:
    """One word for what makes two events the same."""
    return "" if not key else "evk" + sha256("\x1f".join(key).encode()).hexdigest()[:20]


def bind(ask: Ask, source: str, fields: Given) -> Bound:
    """The CI of an event by the keys of its source."""
    binding = bindings().get(source)
    wanted = binding.wanted(fields) if binding else ()
    answers = []
    for attribute, value in wanted:
        answers.append((attribute, value, _ids(ask, attribute, value)))
        if len(answers[-1][2]) == 1:
            break
    return events.bind(answers)


def _ids(ask: Ask, attribute: str, value: str) -> list[str]:
    if "." not in attribute:  # an id or a name, of whatever class
        nodes = ask(questions.RESOLVE, name=value)["resolve"]["nodes"]
        return [node["id"] for node in nodes if value in (node["id"], node["name"])]
    cls, name = attribute.split(".")
    plural = _camel(catalogue().cls(cls).plural)
    return [node["id"] for node in ask(questions.by_attribute(plural, _camel(name)), value=value)[plural]["nodes"]]


def _known(ask: Ask, found: Classified, key: str) -> list[Known]:
    if not key or found.rule is None or found.do is Do.LOG:
        return []
    wants = found.rule.do is Do.REQUEST
    document, plural = (questions.SAME_REQUESTS, "serviceRequests") if wants else (questions.SAME, "incidents")
    nodes = ask(document, key=key)[plural]["nodes"]
    return [
        Known(
            n["number"],
            found.key,
            moment(n["lastEventAt"]),
            open=n["category"] != "DONE" and n["waiting"] != "confirmation",
            restored=n["waiting"] == "confirmation",
        )
        for n in nodes
        if n["eventKey"] == key and n["lastEventAt"]
    ]


def _follows(
    found: Classified, act: Act, kept: Given, facts: Given, cis: tuple[str, ...], now: str
) -> tuple[Effect, ...]:
    rule, text = found.rule, str(kept["text"])
    if rule is None:
        return ()
    if act.number:
        return (_known_follows(act, act.number, rule, str(kept["source"]), text, now),)
    if act.do is Do.REQUEST:
        names = {question.name for question in find(items(), str(rule.item)).form}
        answers = tuple({"question": name, "answer": str(facts[name])} for name in sorted(names & set(facts)))
        more = {"item": rule.item, "answers": answers, "event_key": kept["event_key"], "last_event_at": now}
        return (Effect("request_item", None, more, cis, "FOLLOWS"),)
    if act.do is not Do.INCIDENT:
        return ()
    levels = matrix().urgencies
    urgency = levels[min(SEVERITIES.index(str(kept["severity"])), len(levels) - 1)]
    more = {
        "title": text.splitlines()[0][:300].ljust(3, "."), "description": text, "event_category": rule.category,
        "source": kept["source"], "event_key": kept["event_key"], "condition": rule.condition, "urgency": urgency,
        "confirmed": rule.confirmed and bool(cis), "events": 1, "last_event_at": now,
    }  # fmt: skip
    return (Effect("open_incident", None, more, cis, "FOLLOWS"),)


def _known_follows(act: Act, number: str, rule: EventRule, source: str, text: str, now: str) -> Effect:
    """What follows for a record that is known: it is over, it is back, or there is one more of it."""
    if act.do is Do.RESOLVE:
        words = {"resolution_code": "went away", "resolution": f"{source} says that it is over: {text}"[:900]}
        return Effect("resolve_incident", number, words, as_process=True)
    if act.do is Do.REOPEN:
        why = f"{source} says that it is back: {(text.splitlines() or [''])[0]}"[:300]
        return Effect("reopen_incident", number, {"reason": why}, as_process=True)
    command = "count_request_event" if rule.do is Do.REQUEST else "count_incident_event"
    return Effect(command, number, {"at": now, "text": text})


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
