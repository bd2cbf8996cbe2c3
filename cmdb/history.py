"""What became of CIs: states of earlier sequences compared. Pure; the store brings the rows, GraphQL shows the answer.

A state holds from the sequence `valid_from` until the next state's. An edge is open in [valid_from, valid_to).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.words import RESERVED

State = Mapping[str, Any]
"""A CI's properties as they were."""
_UNSAID = RESERVED - {"name", "status", "parent", "key", "merged_into"}
"""Bookkeeping that changes with everything, or (`stale_since`) that is marked without a state of its own."""


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """A value before and after; None: there was, or is, none."""

    attribute: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class EdgeState:
    """An edge and its ends as far as a history needs them; `valid_to` None: still open."""

    id: str
    type: str
    source: str
    target: str
    valid_from: int
    valid_to: int | None

    def open_at(self, seq: int) -> bool:
        """Whether it was there at a sequence."""
        return self.valid_from <= seq and (self.valid_to is None or seq < self.valid_to)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one CI between two moments: created, changed, retired, revived or linked (only its edges)."""

    ci: str
    what: str
    attributes: tuple[AttributeChange, ...] = ()
    opened: tuple[EdgeState, ...] = ()
    closed: tuple[EdgeState, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of one CI: its states by the sequence each began at, and edges that touch it."""

    ci: str
    states: Mapping[int, State] = field(default_factory=dict)
    edges: Sequence[EdgeState] = ()

    def at(self, seq: int) -> State | None:
        """The state at a sequence, if it was known then."""
        begun = max((start for start in self.states if start <= seq), default=None)
        return None if begun is None else self.states[begun]


def between(life: Life, before: int, after: int) -> Change | None:
    """What became of it from one sequence to another; None: nothing that lasted."""
    opened = tuple(e for e in life.edges if e.open_at(after) and not e.open_at(before))
    closed = tuple(e for e in life.edges if e.open_at(before) and not e.open_at(after))
    then, now = life.at(before), life.at(after)
    if now is None or (then is None and now["status"] == "retired" and _lived(life, before, after)):
        return None
    return change(life.ci, then, now, opened, closed)


def change(
    ci: str, then: State | None, now: State, opened: tuple[EdgeState, ...], closed: tuple[EdgeState, ...]
) -> Change | None:
    """What became of a CI from one state to another, and of its edges; None: nothing."""
    attributes, what = compare(then or {}, now), _what(then, now)
    if what == "changed" and not attributes:
        what = "linked"
    return Change(ci, what, attributes, opened, closed) if attributes or opened or closed else None


def _lived(life: Life, before: int, after: int) -> bool:
    """Whether it is known to have lived in between: it came and went. Else what it was before is kept no longer."""
    return any(before < seq <= after and state["status"] != "retired" for seq, state in life.states.items())


def compare(then: State, now: State) -> tuple[AttributeChange, ...]:
    """Every value that differs, by name."""
    names = sorted((set(then) | set(now)) - _UNSAID)
    found = (AttributeChange(n, then.get(n), now.get(n)) for n in names)
    return tuple(change for change in found if change.before != change.after)


def _what(then: State | None, now: State) -> str:
    if then is None:  # nothing begins retired: what it was before is kept no longer
        return "retired" if now["status"] == "retired" else "created"
    if then["status"] == now["status"]:
        return "changed"
    return "retired" if now["status"] == "retired" else "revived" if then["status"] == "retired" else "changed"


def steps(life: Life, sequences: Iterable[int]) -> list[tuple[int, Change]]:
    """What each of the sequences did to it, in the order given."""
    found = ((seq, between(life, seq - 1, seq)) for seq in sequences)
    return [(seq, change) for seq, change in found if change is not None]


def lacks(at: int, purged_to: int) -> str | None:
    """What an answer about a sequence may lack, in a sentence; None when nothing of then was purged."""
    return None if at >= purged_to else f"before sequence {purged_to} CIs may be missing: {_WHY}"


def lacks_steps(back_to: int, purged_to: int) -> str | None:
    """The same of a history that goes back to a sequence: what ended there may itself be missing."""
    return None if back_to > purged_to or not purged_to else f"up to sequence {purged_to} steps may be missing: {_WHY}"


_WHY = "the history of long retired CIs is kept no longer"


def touched(entries: Iterable[Mapping[str, Any]]) -> set[str]:
    """The CIs that journal entries changed, retired, made, or linked to something."""
    cis: set[str] = set()
    for entry in entries:
        for operation in entry["ops"]:
            if operation["op"] in {"create", "change"}:
                cis.add(operation["id"])
            elif operation["op"] in {"open", "close"}:
                cis.add(operation["source"])
    return cis
