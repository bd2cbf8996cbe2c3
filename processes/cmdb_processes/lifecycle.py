"""The one state machine all processes share: a lifecycle is data, and this reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cmdb.errors import DeclarationError, Refused


class Category(StrEnum):
    """What a state means to rules and clocks; they never look at its name."""

    TO_DO = "to do"
    IN_PROGRESS = "in progress"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class State:
    """A state of a record."""

    name: str
    category: Category


@dataclass(frozen=True, slots=True)
class Step:
    """A legal step: in `state`, `stimulus` leads to one of `to`."""

    state: str
    stimulus: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """All states and steps of a kind of record; it checks that they fit together."""

    states: tuple[State, ...]
    initial: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [s.name for s in self.states]
        if len(set(names)) != len(names):
            raise DeclarationError("a state is declared twice")
        for step in self.steps:
            if unknown := {step.state, *step.to, self.initial} - set(names):
                raise DeclarationError(f"step {step.stimulus} names unknown states {sorted(unknown)}")
            if self.state(step.state).category is Category.DONE:
                raise DeclarationError(f"{step.state} is done, so nothing leads on from it")
        keys = [(s.state, s.stimulus) for s in self.steps]
        if len(set(keys)) != len(keys):
            raise DeclarationError("a step is declared twice: name all its ends in one")
        if unreachable := set(names) - {self.initial} - {name for s in self.steps for name in s.to}:
            raise DeclarationError(f"no step leads to {sorted(unreachable)}")

    def state(self, name: str) -> State:
        """The state of that name."""
        return next(s for s in self.states if s.name == name)

    def legal(self, state: str) -> tuple[str, ...]:
        """What may be done in a state."""
        return tuple(s.stimulus for s in self.steps if s.state == state)

    def check(self, number: str, state: str, stimulus: str) -> tuple[str, ...]:
        """Where `stimulus` may lead from `state`; an illegal one is refused and the legal ones named."""
        for step in self.steps:
            if (step.state, step.stimulus) == (state, stimulus):
                return step.to
        legal = self.legal(state)
        may = f"legal now: {', '.join(legal)}" if legal else "nothing more can be done with it"
        raise Refused(f"{number} is {state}, so it cannot be {_past(stimulus)}; {may}")


_PAST = {"withdraw": "withdrawn"}


def _past(stimulus: str) -> str:
    return _PAST.get(stimulus, stimulus + ("d" if stimulus.endswith("e") else "ed"))
