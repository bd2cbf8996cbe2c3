"""The lifecycle of process records, as data: states, what may be done in each, and what must hold then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cmdb.errors import DeclarationError, Refused
from cmdb.words.check import described

if TYPE_CHECKING:
    from cmdb.words.record import Effect, GraphEffect, Record

EVERYTHING = "*"
"""As a frozen field: all of them."""


class Category(StrEnum):
    """What a state means to rules and clocks; they never look at its name."""

    TO_DO = "to do"
    IN_PROGRESS = "in progress"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class WaitingReason:
    """Why a record may wait; `pauses` says whether service-level clocks stand still meanwhile."""

    name: str
    sentence: str
    pauses: bool

    def __post_init__(self) -> None:
        described(self.sentence, f"waiting reason {self.name}")


@dataclass(frozen=True, slots=True)
class State:
    """A state of a record.

    `required` fields have a value as long as the record is in it; `frozen` ones do not change meanwhile. A waiting
    state names the reasons it may have; when there is but one, it need not be given.
    """

    name: str
    category: Category
    reasons: tuple[WaitingReason, ...] = ()
    required: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.category is Category.WAITING) != bool(self.reasons):
            raise DeclarationError(f"state {self.name}: a waiting state, and no other, names its reasons")

    def reason(self, name: str | None) -> WaitingReason | None:
        """The reason of that name; the only one when none is given. Refused when it must be said, or is unknown."""
        if not self.reasons:
            return None
        if name is None and len(self.reasons) == 1:
            return self.reasons[0]
        found = next((reason for reason in self.reasons if reason.name == name), None)
        if found is None:
            known = ", ".join(reason.name for reason in self.reasons)
            raise Refused(f"{self.name} needs a reason to wait, one of {known}" + (f", not {name!r}" if name else ""))
        return found


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a step: `holds(record)` looks at the record as it would be after it. Pure."""

    sentence: str  # what must hold: "All tasks are done."
    holds: Callable[[Record], bool] = field(repr=False)

    def __post_init__(self) -> None:
        described(self.sentence, "a guard")


Action = Callable[["Record"], "tuple[Effect | GraphEffect, ...]"]
"""What follows from a step, from the record as it is after it: commands on other records, or on the graph. Pure."""


@dataclass(frozen=True, slots=True)
class Step:
    """A legal step: in `state`, `stimulus` leads to one of `to`, if the guards hold; the actions follow from it.

    A stimulus comes from a person, or from the system (time-out, auto-close, discovery): which, its command says.
    """

    state: str
    stimulus: str
    to: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    actions: tuple[Action, ...] = field(default=(), repr=False)
    reopens: bool = False  # only such a step leads on from a state that is done


@dataclass(frozen=True, slots=True)
class RecordLifecycle:
    """All states and steps of a kind of record; it checks that they fit together.

    A declared version is never edited once records were opened under it: a later one goes beside it.
    """

    states: tuple[State, ...]
    initial: str
    steps: tuple[Step, ...]
    version: int = 1

    def __post_init__(self) -> None:
        names = [s.name for s in self.states]
        if len(set(names)) != len(names):
            raise DeclarationError("a state is declared twice")
        for step in self.steps:
            if unknown := {step.state, *step.to, self.initial} - set(names):
                raise DeclarationError(f"step {step.stimulus} names unknown states {sorted(unknown)}")
            if self.state(step.state).category is Category.DONE and not step.reopens:
                raise DeclarationError(f"{step.state} is done, so nothing leads on from it but what reopens")
        keys = [(s.state, s.stimulus) for s in self.steps]
        if len(set(keys)) != len(keys):
            raise DeclarationError("a step is declared twice: name all its ends in one")
        if unreachable := set(names) - {self.initial} - {name for s in self.steps for name in s.to}:
            raise DeclarationError(f"no step leads to {sorted(unreachable)}")

    def state(self, name: str) -> State:
        """The state of that name; Refused when this version has none (an imported record may be in one)."""
        found = next((s for s in self.states if s.name == name), None)
        if found is None:
            raise Refused(f"{name!r} is no state of this lifecycle (version {self.version})")
        return found

    def legal(self, state: str) -> tuple[str, ...]:
        """What may be done in a state."""
        return tuple(s.stimulus for s in self.steps if s.state == state)

    def step(self, number: str, state: str, stimulus: str) -> Step:
        """The step that `stimulus` is in `state`; an illegal one is refused and the legal ones named."""
        for step in self.steps:
            if (step.state, step.stimulus) == (state, stimulus):
                return step
        legal = self.legal(state)
        may = f"legal now: {', '.join(legal)}" if legal else "nothing more can be done with it"
        raise Refused(f"{number} is {state}, so it cannot be {past(stimulus)}; {may}", reasons=(f"it is {state}",))

    def check(self, number: str, state: str, stimulus: str) -> tuple[str, ...]:
        """Where `stimulus` may lead from `state`; refused as `step` does."""
        return self.step(number, state, stimulus).to


_PAST = {
    "withdraw": "withdrawn", "submit": "submitted", "begin": "begun", "put on hold": "put on hold", "hold": "held",
    "freeze": "frozen",
}  # fmt: skip


def past(stimulus: str) -> str:
    """The stimulus as a participle, for sentences."""
    head, space, tail = stimulus.partition(" ")
    return _PAST.get(stimulus, head + ("d" if head.endswith("e") else "ed") + space + tail)
