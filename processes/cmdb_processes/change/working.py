"""The work itself: scheduled, started, finished or backed out; what discovery saw of it is held against the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cmdb.errors import Forbidden, Refused
from cmdb.words import Decision, Effect, Principal, Record, Role, Value
from cmdb.words.record import Row
from cmdb_processes.change.deciding import still_holds
from cmdb_processes.change.gather import proposal_of
from cmdb_processes.change.happened import happened, named
from cmdb_processes.change.lifecycle import current
from cmdb_processes.change.models import MODELS
from cmdb_processes.change.observed import Comparison, compare
from cmdb_processes.change.parts import OBSERVED
from cmdb_processes.change.questions import PLANNED_BIRTH
from cmdb_processes.change.steps import NEW, Act, Steps, planned
from cmdb_processes.change.unauthorised import LATE
from cmdb_processes.change.window import over

Ask = Callable[..., dict[str, Any]]
Arguments = Mapping[str, Value]
OPEN_UNAUTHORISED = "open_unauthorised_change"


def schedule(ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """Put it into the calendar: it is assessed once more, against all that was approved meanwhile."""
    current(record)
    still_holds(ask, record, now)
    start, end = record.fields["window_start"], record.fields["window_end"]
    return Decision("scheduled", {}, f"scheduled by {who.name} for {start} to {end}")


def start(ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """Begin: inside the window, and only if an assessment just now finds the radius as it was approved."""
    current(record)
    begins = str(record.fields["window_start"])
    emergency = record.state != "scheduled"
    if not emergency and datetime.fromisoformat(now) < datetime.fromisoformat(begins):
        raise Refused(f"the window of {record.number} begins at {begins}")
    taken = still_holds(ask, record, now)
    fields: dict[str, Value] = {"started_at": now, "start_sequence": taken.impact.sequence}
    said = f"work begun by {who.name}; assessed just before, nothing has moved"
    if emergency:
        until = (datetime.fromisoformat(now) + _approval_time(record)).isoformat()
        fields["approval_expires"] = until
        said += f"; approval has to follow until {until}"
    return Decision("implementing", fields, said, owner=who.name)


def _approval_time(record: Record) -> timedelta:
    within = MODELS[record.model].approve_within
    if within is None:
        raise Refused(f"{record.number} is a {record.model} change: approval comes first")
    return within


def finish(ask: Ask, record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Say that the work is over; what discovery has seen of it so far is told."""
    fields: dict[str, Value] = {"finished_at": now, **_said(given)}
    seen, rows = looked_at(ask, record, now)
    fields["execution"] = execution(seen)
    return Decision("review", fields, f"finished by {who.name}; {fields['execution']}", parts=rows)


def back_out(_ask: Ask, _record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Go the way back."""
    return Decision("backed out", {"backed_out_at": now}, f"backed out by {who.name}: {given['reason']}")


def window_ended(ask: Ask, record: Record, _given: Arguments, _who: Principal, now: str) -> Decision:
    """What the clock does at the window's end: what was not seen by then is incomplete."""
    if not over(str(record.fields["window_end"]), now):
        raise Refused(f"the window of {record.number} has not ended")
    seen, rows = looked_at(ask, record, now)
    fields: dict[str, Value] = {"finished_at": now, "execution": execution(seen)}
    return Decision("review", fields, f"its window ended; {fields['execution']}", parts=rows)


def verify(ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """Hold what discovery saw against the plan, once it has had its time; what nobody planned opens a follow-up."""
    if record.state != "review":
        raise Refused(f"{record.number} is {record.state}: what was done is looked at in its review")
    seen, rows = looked_at(ask, record, now)
    first = record.fields.get("verified_at") is None
    effects = follow_up(record, seen) if first else ()
    fields: dict[str, Value] = {"verified_at": now, "execution": execution(seen)}
    return Decision(record.state, fields, f"verified by {who.name}: {fields['execution']}", parts=rows, effects=effects)


def cancel(_ask: Ask, record: Record, given: Arguments, who: Principal, _now: str) -> Decision:
    """Take one's own change back; a change manager may take back any."""
    if who.name != record.opened_by and not who.may(Role.CHANGE_MANAGER):
        raise Forbidden(f"{record.number} was proposed by {record.opened_by}: only they or a change manager cancel it")
    reason = str(given.get("reason") or "").strip()
    said = f"cancelled by {who.name}" + (f": {reason}" if reason else "")
    return Decision("withdrawn" if record.version == 1 else "cancelled", {}, said)


def open_unauthorised(_ask: Ask, _record: None, given: Mapping[str, Any], _who: Principal, _now: str) -> Decision:
    """An emergency change after the fact, for what nobody had approved."""
    fields: dict[str, Value] = {"title": str(given["title"]), "reason": str(given["reason"])}
    return Decision("draft", fields, str(given["title"]), cis=given["cis"], model="emergency")


# --- what was seen ---------------------------------------------------------------------------------------


def comparison(ask: Ask, record: Record, now: str) -> tuple[Comparison, bool]:
    """The plan against what discovery saw of the work, and whether there was a plan to judge it by.

    Without a graph diff nothing is judged: all that was seen at the CIs is told as it is. What is seen long after the
    work was over is not its doing.
    """
    plan = planned(proposal_of(record))
    begun = record.fields.get("start_sequence")
    if begun is None:
        raise Refused(f"work on {record.number} has not begun: nothing is held against its plan")
    seen = happened(ask, int(str(begun)), _until(record, now), sorted(_scope(ask, record, plan)))
    if plan.steps:
        found = compare(plan, seen)
        ends = {step.other for step in found.missing if step.act in {Act.OPEN, Act.CLOSE}}
        strange = {ci for ci in {step.ci for step in found.missing} | ends if not ci.startswith(NEW)}
        return replace(found, names={**named(ask, strange - found.names.keys()), **found.names}), True
    return Comparison((), (), (), tuple(sorted(seen.steps)), (), seen.names), False


def _until(record: Record, now: str) -> str | None:
    """The end of the time in which what is seen belongs to the work; None: it is not over."""
    if (done := record.fields.get("finished_at")) is None:
        return None
    late = datetime.fromisoformat(str(done)) + LATE
    return late.isoformat() if late < datetime.fromisoformat(now) else None


def _scope(ask: Ask, record: Record, plan: Steps) -> set[str]:
    """Its CIs, those its graph diff names, and those that were made for the ones it plans anew."""
    found = {*record.cis, *(step.ci for step in plan.steps)}
    found |= {step.other for step in plan.steps if step.act in {Act.OPEN, Act.CLOSE}}
    for birth in plan.of(Act.CREATE):
        made = ask(PLANNED_BIRTH, **{"name": birth.other, "class": birth.what})["resolve"]["nodes"]
        found |= {str(ci["id"]) for ci in made if str(ci["name"]).casefold() == birth.other.casefold()}
    born = {step.ci for step in plan.of(Act.CREATE)}
    return {ci for ci in found if ci not in born and not ci.startswith(NEW)}


def looked_at(ask: Ask, record: Record, now: str) -> tuple[Comparison | None, dict[str, tuple[Row, ...]]]:
    """The comparison, None where there was no plan to judge by, and what of it the record keeps."""
    found, judged = comparison(ask, record, now)
    rows = [(name, step) for name in ("matched", "missing", "unauthorised") for step in getattr(found, name)]
    rows += [("implied" if judged else "unjudged", step) for step in found.implied]
    part = tuple({"judged": name, "sentence": step.sentence(found.names)} for name, step in rows)
    return found if judged else None, {OBSERVED.name: part}


def execution(seen: Comparison | None) -> str:
    """How the work went, by what discovery saw, in one line; None: there was no plan to judge it by."""
    if seen is None:
        return "no graph diff was planned, so nothing is judged"
    total = len(seen.matched) + len(seen.missing)
    said = f"{len(seen.matched)} of {total} planned steps seen"
    if seen.missing:
        said = f"incomplete: {said}"
    return said + (f", {len(seen.unauthorised)} that nobody planned" if seen.unauthorised else "")


def follow_up(record: Record, seen: Comparison | None) -> tuple[Effect, ...]:
    """The emergency change that is opened for steps nobody planned."""
    if seen is None or not seen.unauthorised:
        return ()
    sentences = [step.sentence(seen.names) for step in seen.unauthorised]
    more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    arguments = {
        "title": f"Unauthorised change: {sentences[0]}{more}",
        "reason": f"seen while {record.number} was under way, and not in its plan: {'; '.join(sentences)}"[:10_000],
    }
    cis = tuple(sorted({step.ci for step in seen.unauthorised}))[:100]
    return (Effect(OPEN_UNAUTHORISED, None, arguments, cis, link="FOLLOWS", as_process=True),)


def _said(given: Arguments) -> dict[str, Value]:
    return {"tested": bool(given["tested"])} if given.get("tested") is not None else {}
