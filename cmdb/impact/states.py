"""Effective states: the greatest fixpoint of a model, kept with a counter for each group and moved only downwards.

A CI is as well as it is by itself, and as its groups are. Each edge is looked at once for each step its target falls,
so two times at most, whatever cycles there are; a cycle alone never brings anything down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from enum import IntEnum

from cmdb.impact.model import Group, Model


class State(IntEnum):
    """How well a CI does; the order is the order of health."""

    DOWN = 0
    DEGRADED = 1
    UP = 2


DOWN, DEGRADED, UP = 0, 1, 2
"""The same as plain numbers: the loops below run some times faster on them."""


class States:
    """The effective states of a model from own states (UP where none is given); `fail` lets more CIs fail on top.

    `state` has what is below UP by CI; `hurt` and `dead` the weight of a group's members (by its number in the model)
    that are below UP, and DOWN.
    """

    def __init__(self, model: Model, own: Mapping[str, State] | None = None) -> None:
        self.model = model
        self.state: dict[str, int] = {}
        self.hurt: dict[int, int] = {}
        self.dead: dict[int, int] = {}
        start = {ci: min(_value(group, 0, 0) for group in model.groups[ci]) for ci in model.faulty}
        for ci, state in (own or {}).items():
            start[ci] = min(start.get(ci, UP), int(state))
        self._fall(start)

    def fail(self, cis: Collection[str], to: State = State.DOWN) -> None:
        """Let these fall to a state, jointly, and whatever falls with them."""
        self._fall(dict.fromkeys(cis, int(to)))

    def copy(self) -> States:
        """The same states, to let other CIs fail on top."""
        made = object.__new__(States)
        made.model, made.state, made.hurt, made.dead = self.model, dict(self.state), dict(self.hurt), dict(self.dead)
        return made

    def of(self, ci: str) -> State:
        """The effective state of a CI."""
        return STATES[self.state.get(ci, UP)]

    def value(self, number: int) -> State:
        """What a group gives its dependent."""
        return STATES[self.worth(number)]

    def worth(self, number: int) -> int:
        """The same as a plain number."""
        return _value(self.model.all[number][1], self.hurt.get(number, 0), self.dead.get(number, 0))

    def left(self, number: int) -> int:
        """The weight of a group's members that live."""
        return self.model.all[number][1].total - self.dead.get(number, 0)

    def margin(self, number: int) -> int:
        """The weight a group can lose and live; below 0 it does not."""
        return self.left(number) - self.model.all[number][1].k_min

    def spent(self, number: int) -> bool:
        """Whether a group lives and could not lose any one of its members more: no more than it needs, or one weighs
        more than what is to spare."""
        group, margin = self.model.all[number][1], self.margin(number)
        if margin <= 0 or group.total == len(group.edges):
            return margin == 0
        alive = (w for e, w in zip(group.edges, group.weights, strict=True) if self.state.get(e.target, UP) > DOWN)
        return max(alive, default=0) > margin

    def _fall(self, start: Mapping[str, int]) -> None:
        state, hurt, dead, every, uses = self.state, self.hurt, self.dead, self.model.all, self.model.uses
        waiting = deque((ci, to) for ci, to in start.items() if to < state.get(ci, UP))
        while waiting:
            ci, to = waiting.popleft()
            was = state.get(ci, UP)
            if to >= was:
                continue
            state[ci] = to
            for number, weight in uses.get(ci, ()):
                if was == UP:
                    hurt[number] = hurt.get(number, 0) + weight
                if to == DOWN:
                    dead[number] = dead.get(number, 0) + weight
                dependent, group = every[number]
                now = _value(group, hurt.get(number, 0), dead.get(number, 0))
                if now < state.get(dependent, UP):
                    waiting.append((dependent, now))


STATES = (State.DOWN, State.DEGRADED, State.UP)


def _value(group: Group, hurt: int, dead: int) -> int:
    total = group.total
    if total - hurt >= group.k_full:
        return UP
    return DEGRADED if group.soft or total - dead >= group.k_min else DOWN
