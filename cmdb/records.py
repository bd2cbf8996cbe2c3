"""What a command makes of a process record: checked against its declaration and lifecycle, before anything is written.

Pure: a `Move` says all that the store writes, and what follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cmdb.errors import Conflict, DeclarationError, Invalid, Refused
from cmdb.words import (
    Category,
    Command,
    Decision,
    Effect,
    GraphEffect,
    Record,
    RecordLifecycle,
    RecordLink,
    RecordType,
    State,
    Step,
    Value,
)
from cmdb.words.record_lifecycle import EVERYTHING

LONGEST_NOTE = 20_000
SEARCHED = 10_000
"""Characters of a record's texts that are searched."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step of one record, decided. `before` is None when it is opened: `after` then has no id and number yet."""

    kind: RecordType
    before: Record | None
    after: Record
    command: str
    by: str
    decision: Decision
    follows: tuple[Effect | GraphEffect, ...] = ()
    cause: RecordLink | None = None  # how an opened record is linked to the one that caused it
    past: tuple[Mapping[str, Any], ...] = ()  # the history that an imported one brings along

    @property
    def pauses(self) -> bool:
        """Whether clocks stand still after it."""
        return pauses(self.kind.lifecycle(self.after), self.after.state, self.after.waiting)


def pauses(lifecycle: RecordLifecycle, state: str, waiting: str | None) -> bool:
    """Whether clocks stand still in a state, for a reason; not in one that is unknown."""
    reasons = [reason for one in lifecycle.states if one.name == state for reason in one.reasons]
    return any(reason.pauses for reason in reasons if reason.name == waiting)


def opened(kind: RecordType, command: Command, decision: Decision, actor: str, now: str) -> Move:
    """The move that opens a record; its owner is who opens it unless the decision says otherwise."""
    model = kind.model(decision.model)
    lifecycle = model.current
    if decision.state != lifecycle.initial:
        raise DeclarationError(f"{command.name} opens a {kind.name} as {decision.state}, not {lifecycle.initial}")
    blank = Record(
        "", "", kind.name, decision.state, 0, actor, now, (), {}, owner=actor, model=model.name,
        version=lifecycle.version, state_since=now, changed_at=now,
    )  # fmt: skip
    after = _after(kind, lifecycle, blank, decision, now)
    return Move(kind, None, after, command.name, actor, decision, decision.effects)


def check_step(kind: RecordType, record: Record, command: Command) -> None:
    """Refuse a command that is no legal step now, before anything is asked; the legal ones are named."""
    if command.stimulus is not None:
        kind.lifecycle(record).step(record.number, record.state, command.stimulus)


def check_rev(record: Record, rev: int | None) -> None:
    """Refuse a command that was given on another revision than the record has now."""
    if rev is not None and rev != record.rev:
        raise Conflict(f"{record.number} was changed by somebody else meanwhile: look again, then decide")


def moved(kind: RecordType, record: Record, command: Command, decision: Decision, actor: str, now: str) -> Move:
    """The move that a decision on a record is; refused by its lifecycle with every reason."""
    lifecycle = kind.lifecycle(record)
    step = None
    if command.stimulus is not None:
        step = lifecycle.step(record.number, record.state, command.stimulus)
        if decision.state not in step.to:
            raise DeclarationError(f"{command.name} led {record.number} to {decision.state}, not to {step.to}")
    elif decision.state != record.state:
        raise DeclarationError(f"{command.name} has no stimulus, so it cannot lead {record.number} elsewhere")
    after = _after(kind, lifecycle, record, decision, now)
    _check_frozen(lifecycle, record, after)
    follows = decision.effects
    if step is not None:
        _check_guards(step, after)
        follows += tuple(effect for action in step.actions for effect in action(after))
    return Move(kind, record, after, command.name, actor, decision, follows)


def _after(kind: RecordType, lifecycle: RecordLifecycle, was: Record, decision: Decision, now: str) -> Record:
    state = lifecycle.state(decision.state)
    moves = decision.state != was.state
    done = state.category is Category.DONE
    reason = state.reason(decision.waiting if moves or decision.waiting else was.waiting)
    after = replace(
        was,
        state=state.name,
        category=state.category,
        rev=was.rev + 1,
        fields={**was.fields, **_declared(kind, decision.fields)},
        cis=was.cis if decision.cis is None else tuple(sorted(set(decision.cis))),
        owner=was.owner if decision.owner is None else decision.owner,
        waiting=None if reason is None else reason.name,
        state_since=now if moves else was.state_since,
        changed_at=now,
        closed_at=(was.closed_at or now) if done else None,
        watchers=was.watchers if decision.watchers is None else tuple(sorted(set(decision.watchers))),
        parts={**was.parts, **_parts(kind, decision)},
    )
    _check_links(kind, decision)
    _check_whole(state, after)
    return after


def _declared(kind: RecordType, fields: Mapping[str, Value]) -> Mapping[str, Value]:
    if strange := sorted(set(fields) - {attribute.name for attribute in kind.attributes}):
        raise DeclarationError(f"a {kind.name} has no field {strange[0]!r}")
    return fields


def _parts(kind: RecordType, decision: Decision) -> dict[str, tuple[Mapping[str, Value], ...]]:
    known = {part.name: part for part in kind.parts}
    if strange := sorted(set(decision.parts) - set(known)):
        raise DeclarationError(f"a {kind.name} has no part {strange[0]!r}")
    return {name: known[name].checked(rows) for name, rows in decision.parts.items()}


def _check_links(kind: RecordType, decision: Decision) -> None:
    types = {*(link.type for link in decision.links), *decision.clear}
    if strange := sorted(types - set(kind.link_types)):
        raise DeclarationError(f"a {kind.name} has no link {strange[0]}")
    if "AFFECTS" in types:
        raise DeclarationError("which CIs a record is about, `cis` says")
    if decision.note is not None and not 0 < len(decision.note.strip()) <= LONGEST_NOTE:
        raise Invalid(f"is empty or longer than {LONGEST_NOTE} characters", where="note")


def _check_whole(state: State, after: Record) -> None:
    name = after.number or f"a {after.type}"
    if after.open and not after.owner:
        raise Refused(f"{name} needs an owner while it is open")
    if missing := [field for field in state.required if not _value(after, field)]:
        reasons = [f"{field} is missing" for field in missing]
        raise Refused(f"{name} cannot be {state.name}: {', '.join(missing)} missing", reasons=reasons)


def _value(record: Record, field: str) -> Any:
    value = record.cis if field == "cis" else record.parts.get(field, record.fields.get(field))
    return value if isinstance(value, bool | int | float) else value or None


def _check_frozen(lifecycle: RecordLifecycle, was: Record, after: Record) -> None:
    """What is frozen where it is and where it goes does not change; a step may lead out of the ice and change it."""
    frozen = set(lifecycle.state(was.state).frozen)
    there = set(lifecycle.state(after.state).frozen)
    if EVERYTHING not in there and after.state != was.state:
        frozen = there if EVERYTHING in frozen else frozen & there
    names = {*was.fields, *after.fields, *was.parts, *after.parts, "cis"}
    frozen = names if EVERYTHING in frozen else frozen & names
    if changed := sorted(field for field in frozen if _value(was, field) != _value(after, field)):
        reasons = [f"{field} is frozen while it is {was.state}" for field in changed]
        raise Refused(f"{was.number} is {was.state}: {', '.join(changed)} cannot be changed now", reasons=reasons)


def _check_guards(step: Step, after: Record) -> None:
    if failed := [guard.sentence for guard in step.guards if not guard.holds(after)]:
        said = " ".join(failed)
        raise Refused(f"{after.number} cannot be {step.to[0]} yet; what must hold: {said}", reasons=failed)


def imported(kind: RecordType, given: Record, history: Sequence[Mapping[str, Any]], actor: str, now: str) -> Move:
    """The move that takes over a record of another system with its history, which is kept whatever it is.

    Each illegal step is flagged, and the record with all of them; nothing is dropped and nothing made up: a state that
    is unknown here counts as done if the record is closed, as in progress otherwise. `history` has at, by, from_state,
    to_state, reason and perhaps command and waiting, oldest first.
    """
    if not history:
        raise Invalid("is empty: a record has at least the step that opened it", where="history")
    lifecycle = kind.model(given.model or None).current
    given = replace(given, model=kind.model(given.model or None).name, version=lifecycle.version)
    known = {state.name: state.category for state in lifecycle.states}
    unknown = Category.DONE if given.closed_at else Category.IN_PROGRESS
    flags = illegal(lifecycle, history)
    past = tuple(
        {
            "n": n, "command": "imported", "waiting": None, **event, "flag": flag,
            "to_category": known.get(event["to_state"], unknown).value,
            "pauses": pauses(lifecycle, event["to_state"], event.get("waiting")),
        }
        for n, (event, flag) in enumerate(zip(history, flags, strict=True), start=1)
    )  # fmt: skip
    last = history[-1]
    after = replace(
        given, type=kind.name, state=last["to_state"], category=known.get(last["to_state"], unknown),
        rev=len(past) + 1, opened_at=history[0]["at"], opened_by=history[0]["by"], waiting=last.get("waiting"),
        state_since=_since(history), changed_at=now, owner=given.owner or actor,
        flags=tuple(f"step {n}: {flag}" for n, flag in enumerate(flags, start=1) if flag),
    )  # fmt: skip
    done = after.category is Category.DONE
    after = replace(after, closed_at=(given.closed_at or after.state_since) if done else None)
    _declared(kind, after.fields)
    decision = Decision(after.state, after.fields, f"imported by {actor}", cis=after.cis)
    return Move(kind, None, after, "import_record", actor, decision, past=past)


def _since(history: Sequence[Mapping[str, Any]]) -> str:
    """When the last state was entered."""
    at: str = history[-1]["at"]
    for event in reversed(history):
        if event["to_state"] != history[-1]["to_state"]:
            break
        at = event["at"]
    return at


def searched(number: str, fields: Mapping[str, Value]) -> str:
    """All texts of a record in lower case, for its list's text filter."""
    texts = [number, *(value for value in fields.values() if isinstance(value, str))]
    return "\n".join(texts).lower()[:SEARCHED]


def illegal(lifecycle: RecordLifecycle, history: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Why each step of a history (from_state, to_state, at) is illegal here, or None; nothing is dropped for it."""
    legal = {(step.state, to) for step in lifecycle.steps for to in step.to}
    names = {state.name for state in lifecycle.states}
    found: list[str | None] = []
    before, at = None, ""
    for n, event in enumerate(history):
        came, to = event["from_state"], event["to_state"]
        why = [f"{state!r} is no state" for state in (came, to) if state is not None and state not in names]
        if came != before:
            why.append(f"it was {before}, not {came}")
        if n == 0 and to != lifecycle.initial:
            why.append(f"it began as {to}, not {lifecycle.initial}")
        if n > 0 and came != to and (came, to) not in legal and not why:
            why.append(f"nothing leads from {came} to {to}")
        if event["at"] < at:
            why.append("it is earlier than the step before")
        found.append("; ".join(why) or None)
        before, at = to, event["at"]
    return found
