"""What can be done with a change: each command decides from the record, the actor and what the graph answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.errors import Forbidden, Invalid, Refused, UnknownName
from cmdb.words import Decision, Principal, Record, Role, Value
from cmdb_processes.change import parts, rules, window
from cmdb_processes.change.evidence import thawed
from cmdb_processes.change.gather import take, thawed_impact
from cmdb_processes.change.lifecycle import LIFECYCLE
from cmdb_processes.change.moved import differences
from cmdb_processes.change.questions import LIVE
from cmdb_processes.change.rules import Approval

Ask = Callable[..., dict[str, Any]]
Arguments = Mapping[str, Value]


def _str(arguments: Arguments, name: str) -> str:
    return str(arguments.get(name) or "")


def _approvals(record: Record) -> list[Approval]:
    stored = record.fields.get("approvals") or ()
    return [Approval.parse(text) for text in stored] if isinstance(stored, tuple) else []


def propose(ask: Ask, _record: None, arguments: Arguments, actor: Principal, now: str) -> Decision:
    """Open a change about some CIs."""
    texts = {name: _str(arguments, name).strip() for name in ("title", "plan", "backout", "test")}
    rules.check_texts(**texts)
    when = window.parse(_str(arguments, "window"), now)
    cis = arguments.get("cis") or ()
    if not isinstance(cis, tuple) or not 1 <= len(set(cis)) <= 100:
        raise Invalid("name 1 to 100 CIs that will be worked on", where="cis")
    live = {ci["id"] for ci in ask(LIVE, ids=list(cis))["cis"]["nodes"]}
    if gone := [ci for ci in cis if ci not in live]:
        raise UnknownName(f"there is no live CI {gone[0]!r}", where="cis")
    fields: dict[str, Value] = {**texts, "window_start": when.start.isoformat(), "window_end": when.end.isoformat()}
    return Decision(LIFECYCLE.initial, fields, f"proposed by {actor.name}", cis=cis)


def assess(ask: Ask, record: Record, _arguments: Arguments, actor: Principal, _now: str) -> Decision:
    """Judge it as things are now, with every conflict and risk, and freeze that as evidence. Earlier approvals fall."""
    (to,) = LIFECYCLE.check(record.number, record.state, "assess")
    taken = take(ask, record)
    if taken.impact.truncated:
        raise Refused(f"the radius cannot be taken whole: {taken.impact.truncated}")
    fell, told = _approvals(record), taken.assessment
    fields: dict[str, Value] = {
        "verdict": told.verdict,
        "radius": taken.radius,
        "risk": told.risk.level.word,
        "blocked_by": told.blocked_by,
        "evidence": taken.evidence.text,
        "evidence_hash": taken.evidence.hash,
        "evidence_sequence": taken.impact.sequence,
        "approvals": (),
    }
    reason = f"assessed by {actor.name} at sequence {taken.impact.sequence}"
    if fell:
        reason += f"; earlier approvals fell: {', '.join(f'{one.role} by {one.by}' for one in fell)}"
    return Decision(to, fields, reason, parts=parts.of(told))


def approve(ask: Ask, record: Record, arguments: Arguments, actor: Principal, now: str) -> Decision:
    """Approve in one of three roles, on the evidence as assessed and only while it still holds."""
    if record.fields.get("evidence_hash") is None and record.state == "proposed":
        raise Refused(f"{record.number} has no assessment to approve: assess it first")
    LIFECYCLE.check(record.number, record.state, "approve")
    role, given = _str(arguments, "as_role"), _approvals(record)
    rules.check_approval(role, actor, record.opened_by, given)
    if window.over(str(record.fields["window_end"]), now):
        raise Refused(f"the window of {record.number} is over: propose it again with another")
    _still_holds(ask, record)
    given.append(Approval(role, actor.name, now))
    still = rules.missing(given)
    reason = f"approved as {role} by {actor.name}; " + (f"still needed: {', '.join(still)}" if still else "complete")
    return Decision("assessed" if still else "approved", {"approvals": tuple(str(a) for a in given)}, reason)


def _still_holds(ask: Ask, record: Record) -> None:
    """Refuse when the radius has moved since, or something stands in the way now, each reason in words."""
    evidence = thawed(str(record.fields["evidence"]), str(record.fields["evidence_hash"]))
    try:
        now = take(ask, record)
    except UnknownName as error:
        raise Refused(
            f"{record.number} is about a CI that is gone: {error.message}", reasons=[error.message]
        ) from error
    if reasons := differences(thawed_impact(evidence.content), now.impact):
        raise Refused(
            f"the graph has changed since {record.number} was assessed: {rules.in_short(reasons)}. Assess it again",
            reasons=reasons,
        )
    if blocked := now.assessment.blocked_by:
        raise Refused(f"{record.number} is blocked by {rules.in_short(blocked)}", reasons=blocked)


def reject(_ask: Ask, record: Record, arguments: Arguments, actor: Principal, _now: str) -> Decision:
    """Say no, with the reason."""
    (to,) = LIFECYCLE.check(record.number, record.state, "reject")
    if not (reason := _str(arguments, "reason").strip()):
        raise Invalid("is missing: the requester wants to know why", where="reason")
    return Decision(to, {"rejection": reason}, f"rejected by {actor.name}: {reason}")


def withdraw(_ask: Ask, record: Record, _arguments: Arguments, actor: Principal, _now: str) -> Decision:
    """Take one's own change back; a change manager may take back any."""
    (to,) = LIFECYCLE.check(record.number, record.state, "withdraw")
    if actor.name != record.opened_by and not actor.may(Role.CHANGE_MANAGER):
        raise Forbidden(
            f"{record.number} was proposed by {record.opened_by}: only they or a change manager withdraw it"
        )
    return Decision(to, {}, f"withdrawn by {actor.name}")
