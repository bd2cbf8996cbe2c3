"""Drafting, changing, approving, acknowledging, reviewing and ending a strategy. Pure but asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.errors import Forbidden, Invalid, Refused
from cmdb.words import Attribute, Command, Decision, Effect, Principal, Record, RecordLink, Role
from cmdb.words.process import Ask
from cmdb_processes.arrangements import checks, delegating
from cmdb_processes.arrangements.life import CIS, MANAGERS, REASON, Draft
from cmdb_processes.arrangements.records import SCOPE
from cmdb_processes.arrangements.strategy import nouns
from cmdb_processes.arrangements.strategy.record import APPROVED, DRAFT, RETIRED, STRATEGY, SUPERSEDED
from cmdb_processes.steps import leads_to
from cmdb_processes.timing.spans import moment, text

Given = Mapping[str, Any]
LONGEST = 3 * 366 * 86_400
"""A policy that nobody looks at for three years is none."""
IN_FORCE = """
{ strategies(filter: { categories: [IN_PROGRESS] }, order: OLDEST, first: 100) {
  nodes { number process approvedAt reviewDue remindedOf }
} }
"""
"""Those in force: one for each process."""
_PARTS = ("objectives", "promises")


def draft(ask: Ask, _record: None, given: Given, who: Principal, now: str) -> Decision:
    """A strategy that nobody has approved yet."""
    made = _checked(ask, _said(given), {name: given[name] for name in _PARTS if given.get(name)}, given, now)
    fields = {name: value for name, value in made.fields.items() if value not in (None, "", ())}
    owner = given.get("owner") or who.name
    return Decision(
        DRAFT, {**fields, "authors": (who.name,)}, f"drafted by {who.name}", cis=made.cis, parts=made.parts, owner=owner
    )


def change(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """What is left out stays; who changes it is one of its authors from then on."""
    if record.state != DRAFT:
        raise Refused(f"{record.number} is {record.state}: draft another, which supersedes it when it is approved")
    parts = {**record.parts, **{name: given[name] for name in _PARTS if given.get(name) is not None}}
    given_cis = {"cis": record.cis if given.get("cis") is None else given["cis"]}
    made = _checked(ask, {**record.fields, **_said(given)}, parts, {**given, **given_cis}, now)
    authors = tuple(dict.fromkeys((*(record.fields.get("authors") or ()), who.name)))  # type: ignore[misc]  # strings
    fields = {name: None if value in ("", ()) else value for name, value in made.fields.items()}
    return Decision(
        DRAFT, {**fields, "authors": authors}, f"changed by {who.name}", cis=made.cis, parts=made.parts,
        owner=given.get("owner"),
    )  # fmt: skip


def _said(given: Given) -> dict[str, Any]:
    names = {one.name for one in ARGUMENTS} - {"owner"}
    return {name: given[name] for name in names if given.get(name) is not None}


def _checked(ask: Ask, fields: Given, parts: Given, given: Given, now: str) -> Draft:
    cis = tuple(dict.fromkeys(given.get("cis") or ()))
    made = checks.scoped(ask, Draft(fields, {name: tuple(rows) for name, rows in parts.items()}, cis))
    if made.text("process") not in nouns.PROCESSES:
        raise Invalid(f"{made.text('process')!r} is none of {', '.join(nouns.PROCESSES)}", where="process")
    checked: dict[str, Any] = {name: checks.line(made, name, needed=True) for name in ("name", "purpose")}
    checked |= {"priority_matrix": checks.line(made, "priority_matrix"), "readers": checks.names(made, "readers")}
    nouns.objectives(made.parts.get("objectives", ()))
    nouns.promises(made.parts.get("promises", ()))
    checked["review_due"] = _due(made.text("review_due"), now)
    if people := {*checked["readers"], *([given["owner"]] if given.get("owner") else [])}:
        delegating.accounts(ask, people, "readers")
    return Draft({**made.fields, **checked}, made.parts, made.cis)


def _due(written: str, now: str) -> str:
    """A day, or a moment, that is to come."""
    at = moment(f"{written}T00:00:00Z" if len(written) == len("2027-06-30") else written)
    if not moment(now) < at <= moment(now) + LONGEST:
        raise Invalid(f"{written} is not to come within three years", where="review_due")
    return text(at)


def approve(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """By somebody who did not write it; it supersedes the one in force of its process."""
    authors = record.fields.get("authors") or ()
    assert isinstance(authors, tuple)
    if who.name in authors:
        raise Forbidden(f"{record.number} was written by {', '.join(authors)}: somebody else approves it")
    if not record.part("objectives"):
        raise Refused(f"{record.number} has no objective: what is not measured is not reached")
    _due(str(record.fields["review_due"]), now)
    rows = ask(IN_FORCE)["strategies"]["nodes"]
    others = [row["number"] for row in rows if row["process"] == record.fields["process"]]
    why = {"reason": f"superseded by {record.number}"}
    return Decision(
        APPROVED, {"approved_by": who.name, "approved_at": now}, given.get("reason") or f"approved by {who.name}",
        links=tuple(RecordLink("FOLLOWS", number) for number in others),
        effects=tuple(Effect("supersede_strategy", number, why, as_process=True) for number in others),
    )  # fmt: skip


def acknowledge(_ask: Ask, record: Record, _given: Given, who: Principal, _now: str) -> Decision:
    """Somebody knows it, once."""
    known = record.fields.get("acknowledged") or ()
    assert isinstance(known, tuple)
    if record.state != APPROVED:
        raise Refused(f"{record.number} is {record.state}: what is in force is acknowledged")
    if who.name in known:
        raise Refused(f"{who.name} acknowledged {record.number} already")
    return Decision(record.state, {"acknowledged": (*known, who.name)}, f"{who.name} knows it")


def review(_ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """It still fits, until the next date; what does not fit any more is drafted anew."""
    if record.state != APPROVED:
        raise Refused(f"{record.number} is {record.state}: what is in force is reviewed")
    found = " ".join(str(given["found"]).split())
    if not found or len(found) > 900:
        raise Invalid("is one line of at most 900 characters", where="found")
    due = _due(str(given["review_due"]), now)
    return Decision(record.state, {"review_due": due, "reviewed_at": now}, f"reviewed by {who.name}: {found}")


def remind(_ask: Ask, record: Record, _given: Given, _who: Principal, _now: str) -> Decision:
    """Told once for each date of review."""
    due = record.fields["review_due"]
    return Decision(record.state, {"reminded_of": due}, f"its review was due at {due}")


ARGUMENTS = (
    Attribute("process", "string", f"Of which process: {', '.join(nouns.PROCESSES)}.", required=True),
    Attribute("name", "string", "What people call it.", required=True),
    Attribute("purpose", "string", "What the process is for, in one line.", required=True),
    Attribute("review_due", "string", "When it is reviewed: a day, or ISO 8601 with a zone.", required=True),
    Attribute("owner", "string", "The account that answers for it; who drafts it, if left out."),
    Attribute("priority_matrix", "string", "The matrix of priorities it wants things ranked by."),
    Attribute("readers", "strings", "The accounts that work by it and have to know it."),
    *SCOPE,
)
_DUE = Attribute("review_due", "string", "When it is looked at next.", required=True)
_FOUND = Attribute("found", "string", "What was found, in one line.", required=True)
_OPTIONAL = tuple(Attribute(one.name, one.type, one.sentence) for one in ARGUMENTS)
_APPROVERS = MANAGERS | {Role.APPROVER_BUSINESS}
_BY = STRATEGY.name
COMMANDS = (
    Command("draft_strategy", "Write down the strategy of a process.", _BY, ARGUMENTS, MANAGERS, True, draft,
            parts=_PARTS, cis_optional=True),
    Command("change_strategy", "Change a draft: what is left out stays.", _BY, (*_OPTIONAL, CIS), MANAGERS, False,
            change, parts=_PARTS),
    Command("approve_strategy", "Put it in force; nobody who wrote it may.", _BY, (REASON,), _APPROVERS, False,
            approve, stimulus="approve"),
    Command("acknowledge_strategy", "Say that you know it.", _BY, (), frozenset({Role.VIEWER}), False, acknowledge),
    Command("review_strategy", "Say that it still fits, and when it is looked at next.", _BY, (_FOUND, _DUE),
            _APPROVERS, False, review),
    Command("retire_strategy", "End it; the process has none then.", _BY, (REASON,), MANAGERS, False,
            leads_to(RETIRED, command="retired"), stimulus="retire"),
    Command("supersede_strategy", "Another is in force.", _BY, (REASON,), frozenset(), False,
            leads_to(SUPERSEDED, command="superseded"), stimulus="supersede", system=True),
    Command("remind_strategy", "Its review is due.", _BY, (), frozenset(), False, remind, system=True),
)  # fmt: skip
