"""A service request: from the catalogue, approved where needed, fulfilled by its tasks. Pure but asking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cmdb.errors import Invalid, Refused
from cmdb.words import Decision, Principal, Record
from cmdb.words.process import Ask
from cmdb_processes import approvals
from cmdb_processes.incident import catalogue, working
from cmdb_processes.incident.arranged import arranged
from cmdb_processes.incident.catalogue import Item
from cmdb_processes.incident.items import catalogue as items
from cmdb_processes.incident.settings import matrix
from cmdb_processes.timing.spans import moment

Given = Mapping[str, Any]


def item_of(record: Record) -> Item:
    """The catalogue item that was asked for."""
    return catalogue.find(items(), str(record.fields["item"]))


def request(_ask: Ask, _record: None, given: Given, who: Principal, _now: str) -> Decision:
    """Ask for an item: the form is checked whole, its tasks are planned."""
    item = catalogue.find(items(), str(given["item"]))
    catalogue.check_entitled(item, who.name, given.get("subscribed") or ())
    said = catalogue.answers(item, {str(row["question"]): row["answer"] for row in given.get("answers") or ()})
    table = matrix()
    fields = {
        "title": item.sentence, "item": item.name,
        "asked_for": given.get("asked_for") or said.get("person") or who.name,
        "group": item.tasks[0].group, "rank": item.rank, "form_hash": form_hash(item, said),
        "priority": table.priorities[min(item.rank, len(table.priorities)) - 1], "calendar": "office",
        **{name: given[name] for name in ("event_key", "last_event_at") if given.get(name)},
    }  # fmt: skip
    rows = tuple({"question": name, "answer": text} for name, text in said.items())
    parts = {"answers": rows, "tasks": tuple(catalogue.rows(item))}
    return Decision(
        "new", fields, f"{item.name} asked for by {who.name}", cis=tuple(given.get("cis") or ()), parts=parts
    )


def form_hash(item: Item, answers: Mapping[str, str]) -> str:
    """SHA-256 of what was asked for: approvals bind to it."""
    return sha256(json.dumps([item.name, dict(sorted(answers.items()))], ensure_ascii=False).encode()).hexdigest()


def submit(_ask: Ask, record: Record, _given: Given, _who: Principal, _now: str) -> Decision:
    """Ask for the approval that the item needs."""
    if item_of(record).approval is None:
        raise Refused(f"{record.number} needs no approval: begin it")
    return Decision("approval", {}, "approval is asked for")


def approve(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """Approve in one seat; with the last one, work begins."""
    return _vote(ask, record, given, who, now, yes=True)


def _vote(ask: Ask, record: Record, given: Given, who: Principal, now: str, *, yes: bool) -> Decision:
    panel = item_of(record).approval
    assert panel is not None  # only what needs approval waits for it
    seats = [seat.role for seat in panel.seats]
    votes = approvals.votes(record.part("approvals"))
    plans = arranged(ask, roles=seats, now=moment(now))
    ballot = approvals.Ballot(
        record.opened_by, str(record.fields["form_hash"]), now, votes, plans.delegations, plans.groups
    )
    role, why = str(given.get("as_role") or seats[0]), str(given.get("reason") or "")
    votes = (*votes, approvals.cast(panel, ballot, who, role, yes, why))
    outcome = approvals.outcome(
        panel, approvals.Ballot(ballot.requester, ballot.evidence, now, votes, (), plans.groups)
    )
    parts = {"approvals": approvals.rows(votes)}
    if outcome.state == "rejected":
        return Decision("rejected", {"rejected_because": why.strip()}, f"rejected by {who.name}: {why}", parts=parts)
    state = "in progress" if outcome.state == "approved" else "approval"
    return Decision(state, {}, f"approved as {role} by {who.name}", parts=parts)


def reject(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """No, with the reason: as a vote, or by who handles what needs no approval."""
    why = str(given.get("reason") or "").strip()
    if not why:
        raise Invalid("is missing: whoever asked wants to know why", where="reason")
    if record.state == "approval":
        return _vote(ask, record, given, who, now, yes=False)
    return Decision("rejected", {"rejected_because": why}, f"rejected by {who.name}: {why}")


def begin(_ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """Work on it, or go on; not before it is approved, where it has to be."""
    if record.state == "new" and item_of(record).approval is not None:
        raise Refused(f"{record.number} needs an approval first: submit it")
    return Decision("in progress", {}, str(given.get("reason") or f"begun by {who.name}"), owner=given.get("owner"))


def do_task(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """A task is done or skipped; not before those it waits for."""
    done = [str(row["name"]) for row in record.part("tasks") if row["state"] != "open"]
    waits = {task.name: sorted(set(task.after) - set(done)) for task in item_of(record).tasks}
    if left := waits.get(str(given["task"])):
        raise Refused(f"{given['task']} comes after {', '.join(left)}")
    if record.state != "in progress":
        raise Refused(f"{record.number} is {record.state}: its tasks are done while it is in progress")
    return working.do_task(ask, record, given, who, now)


def confirm(_ask: Ask, _record: Record, _given: Given, who: Principal, _now: str) -> Decision:
    """It is as it was wanted."""
    return Decision("closed", {"closed_how": "confirmed"}, f"confirmed by {who.name}")


def close(_ask: Ask, _record: Record, given: Given, _who: Principal, _now: str) -> Decision:
    """Nobody objected."""
    return Decision("closed", {"closed_how": given["closed_how"]}, f"closed: {given['closed_how']}")


def reopen(_ask: Ask, _record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """It is not as it was wanted."""
    if len(str(given.get("reason") or "").strip()) < 3:
        raise Invalid("is missing: say what is wrong", where="reason")
    return Decision("in progress", {"fulfilment": None}, f"reopened by {who.name}: {given['reason']}")


def cancel(_ask: Ask, _record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """It is not wanted any more."""
    why = str(given.get("reason") or "").strip()
    return Decision("cancelled", {"cancelled_because": why or None}, f"cancelled by {who.name}: {why}")
