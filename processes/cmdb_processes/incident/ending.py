"""Resolving, closing, reopening and cancelling an incident, with what follows for its children and its CIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.words import Decision, Principal, Record
from cmdb.words.process import Ask
from cmdb_processes.incident import closing, major, outage, relatives
from cmdb_processes.incident.arranged import arranged
from cmdb_processes.incident.family import follow
from cmdb_processes.timing.spans import moment

Given = Mapping[str, Any]
POLICY = closing.Policy()


def resolve(ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """Restored: with code and words; its CIs are up again unless another incident says otherwise."""
    new = relatives.parse(given.get("links") or ())
    parent = given.get("by_parent")
    links = () if parent else (*relatives.links(ask, record.number), *new)
    code, said = str(given.get("resolution_code") or ""), str(given.get("resolution") or "")
    if parent:  # the words are the parent's, and so are the links they stand on
        fields = {"resolution_code": code, "resolution": said, "by_parent": parent}
        fields |= {"cause": given["cause"]} if given.get("cause") else {}
    else:
        fields = closing.check_resolution(code, said, links, given.get("cause"))
    below = relatives.below(ask, record.number)
    together = (*below, *(given.get("together") or ()), *([parent] if parent else ()))
    say = {name: str(fields[name]) for name in ("resolution_code", "resolution", "cause") if fields.get(name)}
    effects = follow(record.number, "resolve", relatives.children(ask, record.number), say)
    why = f"resolved by {who.name}: {code}, {said}"[:1000].replace("\n", " ")
    return Decision("resolved", fields, why, links=new, effects=(*effects, *_over(ask, record, together)))


def _over(ask: Ask, record: Record, together: tuple[str, ...] = ()) -> tuple[Any, ...]:
    if not record.fields.get("outage_since"):
        return ()
    return outage.say(ask, record.number, dict.fromkeys(record.cis), together)


def blockers(ask: Ask, record: Record, fields: Given, *, with_parent: bool = False) -> tuple[str, ...]:
    """Everything that stands in the way of closing it now; whether a child is a major one its parent has decided."""
    children = relatives.children(ask, record.number)
    problems = [link.to for link in relatives.links(ask, record.number) if link.type in ("CAUSED_BY", "FOLLOWS")]
    flag = None if with_parent else record.fields.get("major")
    others = major.missing_to_close(None if flag is None else str(flag), bool(fields.get("reviewed_at")), problems)
    return closing.blockers(fields, record.cis, record.part("tasks"), children, others)


def confirm(ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """Whoever reported it says that it works; refused with everything that is missing."""
    said = {"cause": given["cause"]} if given.get("cause") else {}
    if said and said["cause"] not in closing.CAUSES:
        closing.check_resolution("fixed", "said", (), said["cause"])
    return _close(ask, record, "confirmed", said, f"confirmed by {who.name}")


def close(ask: Ask, record: Record, given: Given, _who: Principal, _now: str) -> Decision:
    """By silence, or with its parent."""
    how = str(given["closed_how"])
    cause = record.fields.get("cause") or given.get("cause")  # of a child that names none: its parent's
    return _close(ask, record, how, {"cause": cause} if cause else {}, f"closed: {how}")


def _close(ask: Ask, record: Record, how: str, said: Given, why: str) -> Decision:
    fields = {**record.fields, **said}
    made = closing.check_close(record.number, how, blockers(ask, record, fields, with_parent=how.startswith("with ")))
    event = "auto-close" if how == "auto-closed" else "confirm"
    effects = follow(record.number, event, relatives.children(ask, record.number), {"cause": str(fields["cause"])})
    return Decision("closed", {**said, **made}, why, effects=effects)


def reopen(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """It was not over: within the window, and what it said of its CIs holds again."""
    why = str(given.get("reason") or "")
    closed = None if record.closed_at is None else moment(record.closed_at)
    fields = closing.check_reopen(record.number, POLICY, arranged(ask).office, closed, moment(now), why)
    effects: tuple[Any, ...] = follow(record.number, "reopen", relatives.children(ask, record.number), {"reason": why})
    if record.fields.get("outage_since"):
        parent = record.fields.get("by_parent")  # which is reopened in this very step, so the graph shows it as over
        says = (str(record.fields["condition"]), *(_of_parent(ask, str(parent)) if parent else ()))
        effects += outage.say(ask, record.number, dict.fromkeys(record.cis, outage.worst(says)))
    return Decision("in progress", fields, f"reopened by {who.name}: {why}", effects=effects)


def _of_parent(ask: Ask, number: str) -> tuple[str, ...]:
    row = ask("query P($n: String!) { incident(number: $n) { condition outageSince } }", n=number)["incident"]
    return (row["condition"],) if row["outageSince"] else ()


def cancel(ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """It was no incident; the reason is kept."""
    why = str(given.get("reason") or "").strip()
    fields = {"cancelled_because": why or None}
    return Decision("cancelled", fields, f"cancelled by {who.name}: {why}", effects=_over(ask, record))
