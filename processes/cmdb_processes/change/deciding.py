"""Assessed, then approved or not: approvals bind to the evidence, and fall when the graph inside the radius moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cmdb.errors import Forbidden, Invalid, Refused, UnknownName
from cmdb.words import Decision, Principal, Record, Role, Value
from cmdb_processes import approvals
from cmdb_processes.change import arranged, minuted, panel, parts, rules, window
from cmdb_processes.change.evidence import thawed
from cmdb_processes.change.gather import Taken, take, thawed_impact
from cmdb_processes.change.lifecycle import current
from cmdb_processes.change.models import MODELS
from cmdb_processes.change.moved import differences
from cmdb_processes.change.panel import PANEL

Ask = Callable[..., dict[str, Any]]
Arguments = Mapping[str, Value]
BEFORE = frozenset({"submitted", "assessed"})
"""Where an assessment always counts as a new one: nobody has voted."""
REJECTING = frozenset({*panel.ROLES.values(), Role.CHANGE_MANAGER})
"""Who may reject also where they have no vote."""
AFTER_START = frozenset({"implementing", "backed out", "review"})
"""Where an emergency change is approved after the fact: its own work has moved the graph."""

_MODEL = "query M($number: String!) { changeRequest(number: $number) { model } }"
_APPROVED = "changes are approved"


def turn_to_approve(_ask: Ask, _given: Arguments, _who: Principal, _now: str) -> tuple[str, Arguments]:
    """One vote after another: of two changes that are each safe alone, both would else be approved at one moment."""
    return _APPROVED, {}


def turn_to_assess(ask: Ask, given: Arguments, _who: Principal, _now: str) -> tuple[str, Arguments]:
    """A standard change is approved by its assessment, so it waits for its turn as well. One question."""
    found = ask(_MODEL, number=given["number"])["changeRequest"]
    return (_APPROVED if found is not None and found["model"] == "standard" else ""), {}


def assess(ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """Judge it as things are now, with every conflict and risk, and freeze that as evidence.

    Where approvals are asked for or given, they stand as long as nothing has moved; else all of them fall.
    """
    current(record)
    taken = take(ask, record)
    if taken.impact.truncated:
        raise Refused(f"the radius cannot be taken whole: {taken.impact.truncated}")
    if record.state in BEFORE:
        standard = record.model == "standard" and taken.assessment.approvable
        return _assessed(record, taken, "approved" if standard else "assessed", who, now)
    moved = moved_since(record, taken)
    if not moved:
        at = taken.impact.sequence
        return Decision(record.state, {}, f"assessed again by {who.name} at sequence {at}: nothing has moved")
    if record.model == "standard" and record.state == "approved" and taken.assessment.approvable:
        return _assessed(record, taken, "approved", who, now, moved)
    return _assessed(record, taken, "assessed", who, now, moved)


def recheck(ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """What the clock does: take the approvals back when the graph inside the radius has moved, or something stands in
    the way that did not, else nothing."""
    current(record)
    try:
        taken = take(ask, record)
    except UnknownName as gone:
        why = f"a CI it is about is gone: {gone.message}"
        return Decision("assessed", {"blocked_by": (why,)}, _fell(record, [why]), parts=panel.fallen(record, why))
    if not (moved := moved_since(record, taken)):
        raise Refused(f"nothing has moved around {record.number}")
    return _assessed(record, taken, "assessed", who, now, moved)


def moved_since(record: Record, taken: Taken) -> tuple[str, ...]:
    """What is other than the evidence says, in words; what blocks now and did not then is part of it."""
    evidence = thawed(str(record.fields["evidence"]), str(record.fields["evidence_hash"])).content
    known = set(evidence["conclusion"]["blockedBy"])
    found = differences(thawed_impact(evidence), taken.impact)
    return (*found, *(why for why in taken.assessment.blocked_by if why not in known))


def _assessed(record: Record, taken: Taken, to: str, who: Principal, now: str, moved: Sequence[str] = ()) -> Decision:
    told = taken.assessment
    fields: dict[str, Value] = {
        "verdict": told.verdict,
        "radius": taken.radius,
        "risk": told.risk.level.word,
        "blocked_by": told.blocked_by,
        "evidence": taken.evidence.text,
        "evidence_hash": taken.evidence.hash,
        "evidence_sequence": taken.impact.sequence,
        "assessed_at": now,
        "approval_expires": None,
    }
    reason = f"assessed by {who.name} at sequence {taken.impact.sequence}"
    rows = {**parts.of(told), parts.SERVICES.name: tuple(one.row for one in taken.services)}
    if record.part(approvals.PART.name):
        why = f"{_what(moved, told.blocked_by)}: {rules.in_short(moved)}" if moved else "it was assessed anew"
        rows |= panel.fallen(record, why)
    if moved:
        reason += f"; {_fell(record, moved)}"
    return Decision(to, fields, _line(reason), parts=rows)


def _what(moved: Sequence[str], blocked: Sequence[str]) -> str:
    """What made approvals fall: also a freeze that was declared since, which moves nothing in the graph."""
    return "it is blocked now" if set(moved) <= set(blocked) else "the graph has moved"


def _fell(record: Record, moved: Sequence[str]) -> str:
    given = ", ".join(f"{vote.role} by {vote.by}" for vote in panel.counting(record))
    return _line(f"approvals fell ({given or 'none given yet'}): {rules.in_short(moved)}")


def request(_ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """Ask for approval, of what was assessed; what is blocked is not put to anybody.

    Once the work on an emergency change has begun it is asked of itself, and anew when not everybody voted in time.
    """
    current(record)
    if record.state in AFTER_START:
        return _anew(record, who, now)
    blocked = record.fields.get("blocked_by")
    if isinstance(blocked, tuple) and blocked:
        raise Refused(f"{record.number} is blocked by {rules.in_short(blocked)}", reasons=blocked)
    until = panel.expires(record, now)
    return Decision("awaiting approval", {"approval_expires": until}, f"approval asked for by {who.name} until {until}")


def _anew(record: Record, who: Principal, now: str) -> Decision:
    counted = panel.counted(record, now)
    if counted.state != "expired":
        raise Refused(f"nothing is to be asked anew of {record.number}: {counted.reason}")
    within = MODELS[record.model].approve_within or panel.OPEN_FOR
    until = (datetime.fromisoformat(now) + within).isoformat()
    return Decision(
        record.state, {"approval_expires": until}, f"{counted.reason}; asked for anew by {who.name} until {until}"
    )


def approve(ask: Ask, record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Approve in one role, on the evidence as assessed and only while it still holds."""
    current(record)
    role = str(given.get("as_role") or "")
    minuted.check(record)
    ballot = panel.ballot(record, now, _voters(ask, who, now, role))
    vote = approvals.cast(PANEL, ballot, who, role, True, str(given.get("reason") or ""))
    if record.state in AFTER_START:
        thawed(str(record.fields["evidence"]), str(record.fields["evidence_hash"]))
    else:
        still_holds(ask, record, now)
    counted = approvals.outcome(PANEL, replace(ballot, votes=(*ballot.votes, vote)))
    to = "approved" if counted.state == "approved" and record.state not in AFTER_START else record.state
    stead = f" for {vote.instead_of}" if vote.instead_of else ""
    said = f"approved as {role} by {who.name}{stead}; {counted.reason}"
    return Decision(to, {}, said, parts={approvals.PART.name: approvals.rows((*ballot.votes, vote))})


def _voters(ask: Ask, who: Principal, now: str, role: str) -> arranged.Voters:
    """Teams and stand-ins; not asked about for a seat that somebody may sit on by right."""
    mine = panel.ROLES.get(role)
    return arranged.Voters() if mine is not None and who.may(mine) else arranged.voters(ask, who, now)


def still_holds(ask: Ask, record: Record, now: str) -> Taken:
    """Refuse when the radius has moved since, or something stands in the way now, each reason in words."""
    if window.over(str(record.fields["window_end"]), now):
        raise Refused(f"the window of {record.number} is over: edit it and choose another")
    evidence = thawed(str(record.fields["evidence"]), str(record.fields["evidence_hash"]))
    try:
        taken = take(ask, record)
    except UnknownName as error:
        raise Refused(
            f"{record.number} is about a CI that is gone: {error.message}", reasons=[error.message]
        ) from error
    if reasons := differences(thawed_impact(evidence.content), taken.impact):
        raise Refused(
            f"the graph has changed since {record.number} was assessed: {rules.in_short(reasons)}. Assess it again",
            reasons=reasons,
        )
    if blocked := taken.assessment.blocked_by:
        raise Refused(f"{record.number} is blocked by {rules.in_short(blocked)}", reasons=blocked)
    return taken


def reject(ask: Ask, record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Say no, with the reason; who sits on a seat that has not voted, or stands in there, votes no in it.

    An emergency change whose work has begun goes on to its end, and is then closed as a failure.
    """
    if not (reason := str(given.get("reason") or "").strip()):
        raise Invalid("is missing: the requester wants to know why", where="reason")
    rows = {}
    begun = record.state in AFTER_START
    if record.state == "awaiting approval" or begun:
        ballot = panel.ballot(record, now, _voters(ask, who, now, str(given.get("as_role") or "")))
        mine = [role for role in approvals.seats(PANEL, ballot, who) if given.get("as_role") in {None, role}]
        if mine:
            vote = approvals.cast(PANEL, ballot, who, mine[0], False, reason)
            rows = {approvals.PART.name: approvals.rows((*ballot.votes, vote))}
    if begun and not rows:
        raise Forbidden(f"the work on {record.number} has begun: only who approves it may still say no to it")
    if not rows and not REJECTING & who.roles:
        raise Forbidden(
            f"{who.name} may not reject {record.number}: approvers, their stand-ins and change managers may"
        )
    to = record.state if begun else "rejected"
    return Decision(to, {"rejection": reason}, f"rejected by {who.name}: {reason}", parts=rows)


def expire(_ask: Ask, record: Record, _given: Arguments, _who: Principal, now: str) -> Decision:
    """What the clock does when not everybody has voted in time."""
    counted = panel.counted(record, now)
    if counted.state != "expired":
        raise Refused(f"the approval of {record.number} has not expired: {counted.reason}")
    return Decision("assessed", {"approval_expires": None}, counted.reason, parts=panel.fallen(record, counted.reason))


def accept(ask: Ask, record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Take a conflict upon oneself: it blocks no more from the next assessment on."""
    current(record)
    sentence, reason = str(given["sentence"]).strip(), str(given["reason"]).strip()
    known = {str(row["sentence"]): row for row in record.part(parts.CONFLICTS.name) if row["blocks"]}
    if record.state != "assessed":
        raise Refused(f"{record.number} is {record.state}: conflicts are accepted while it is assessed")
    if sentence not in known:
        raise Invalid(f"is none of what blocks it: {'; '.join(known) or 'nothing does'}", where="sentence")
    if len(reason) < 3:
        raise Invalid("is missing: say why it may be", where="reason")
    arranged.check_accepts(ask, known[sentence], who)
    row = {"sentence": sentence, "reason": reason, "by": who.name, "at": now}
    rows = {parts.ACCEPTED.name: (*record.part(parts.ACCEPTED.name), row)}
    return Decision(record.state, {}, f"conflict accepted by {who.name}: {reason}", parts=rows)


def _line(text: str) -> str:
    return text if len(text) <= 1000 else f"{text[:999]}…"
