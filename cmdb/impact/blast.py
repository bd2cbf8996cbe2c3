"""The blast radius of a set of CIs: who goes down or is degraded when all of them are down, jointly, and why.

States and rules as in `cmdb.impact.states`. What is down or degraded already is the state before: nobody is blamed
for it twice, and a pair that has lost one member already goes down with the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.impact import words
from cmdb.impact.model import Group, Model, Problem
from cmdb.impact.states import DEGRADED, DOWN, STATES, UP, State, States

Name = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a group, in weights: `left` live `of` all, `needed` to live; `rule` is where it comes from.

    `members` are those that back each other up, none where one is needed alone.
    """

    rule: str
    needed: int
    left: int
    of: int
    soft: bool
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Risk:
    """A CI that lives and has a group with nothing to spare any more: the next loss takes it down (soft: degrades)."""

    ci: str
    standing: Standing
    reason: str


class Impacted(NamedTuple):
    """One CI in the radius. `path` are edge ids from this CI down to one of the failed, a shortest such chain.

    `standing` is what is left of the group that decided; `risk` is there when it lives without redundancy now.
    """

    ci: str
    before: State
    after: State
    hops: int
    path: tuple[str, ...]
    reason: str
    standing: Standing
    risk: Risk | None = None


@dataclass(frozen=True, slots=True)
class Blast:
    """The radius: `items` nearest first, `risks` the CIs that live and whose redundancy is spent by it.

    `reach` are all CIs that a failure of these can travel to at all, they themselves included; `before` the states
    below UP that were there before, of these CIs and of what they need together; `problems` those of the same CIs.
    """

    failed: tuple[str, ...]
    items: tuple[Impacted, ...]
    risks: tuple[Risk, ...]
    problems: tuple[Problem, ...]
    reach: frozenset[str]
    before: Mapping[str, State]

    @property
    def at_risk(self) -> tuple[str, ...]:
        """The CIs of `risks`, each once."""
        return tuple(dict.fromkeys(risk.ci for risk in self.risks))

    def verdict(self, name: Name) -> str:
        """One sentence: "If neo4j stops, 1 CI goes down: epicentre."."""
        down = [name(i.ci) for i in self.items if i.after is State.DOWN]
        degraded = [name(i.ci) for i in self.items if i.after is State.DEGRADED]
        spent = [name(ci) for ci in self.at_risk]
        return words.verdict([name(ci) for ci in self.failed], down, degraded, spent)


def blast_radius(model: Model, failed: Collection[str], name: Name, own: Mapping[str, State] | None = None) -> Blast:
    """Everything whose effective state falls when all of `failed` are down, from the own states before.

    `name` gives a CI's name for the reasons.
    """
    before = States(model, own)
    after = before.copy()
    after.fail(failed)
    return _Telling(before, after, tuple(failed), name).blast()


def reach_of(model: Model, failed: Iterable[str]) -> frozenset[str]:
    """All that a failure can travel to when nothing backs anything up, the failed included."""
    found, every, uses = set(failed), model.all, model.uses
    waiting = list(found)
    while waiting:
        for number, _ in uses.get(waiting.pop(), ()):
            dependent = every[number][0]
            if dependent not in found:
                found.add(dependent)
                waiting.append(dependent)
    return frozenset(found)


class _Telling:
    """What two fixpoints differ in, told with reasons."""

    def __init__(self, before: States, after: States, failed: tuple[str, ...], name: Name) -> None:
        self._before, self._after, self._failed, self._name = before, after, failed, name
        self._model = after.model
        self._alike: dict[tuple[str, int, int, int, bool], Standing] = {}

    def blast(self) -> Blast:
        was, now, name = self._before.state, self._after.state, self._name
        fallen = {ci for ci, state in now.items() if state < was.get(ci, UP)} - set(self._failed)
        causes, paths = self._witnesses(fallen)
        risks = self._risks()
        flags: dict[str, Risk] = {}
        for risk in risks:
            flags.setdefault(risk.ci, risk)
        items = [
            Impacted(
                ci, STATES[was.get(ci, UP)], STATES[now[ci]], len(paths[ci]), paths[ci], self._reason(causes[ci]),
                self._standing(causes[ci]), flags.get(ci),
            )
            for ci in fallen
        ]  # fmt: skip
        items.sort(key=lambda item: (item.hops, item.after, name(item.ci), item.ci))
        reach = reach_of(self._model, self._failed)
        problems = tuple(problem for problem in self._model.problems if problem.ci in reach)
        return Blast(self._failed, tuple(items), risks, problems, reach, self._context(reach))

    def _context(self, reach: frozenset[str]) -> dict[str, State]:
        """The states before that count here: of the reached, and of the members of their groups."""
        dependents = self._model.dependents
        return {
            ci: self._before.of(ci)
            for ci in sorted(self._before.state)
            if ci in reach or not reach.isdisjoint(dependents(ci))
        }

    def _witnesses(self, fallen: Collection[str]) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
        """For each fallen CI the group that decided, and a shortest chain of such down to a failed one."""
        every, uses, was, now = self._model.all, self._model.uses, self._before.state, self._after.state
        causes: dict[str, int] = {}
        # By name: ids are random, and the same estate should be told in the same way.
        start = sorted((c for c in self._failed if was.get(c, UP) > DOWN), key=lambda ci: (self._name(ci), ci))
        paths: dict[str, tuple[str, ...]] = dict.fromkeys(start, ())
        waiting = deque(start)
        while waiting:
            ci = waiting.popleft()
            fell = now[ci] < was.get(ci, UP)
            for number, _ in uses.get(ci, ()) if fell else ():
                dependent, group = every[number]
                if dependent in paths or dependent not in fallen:
                    continue
                # Down comes from members that are down; so chains of causes never run in a circle and always end at a
                # failed. A member that fell and the group that decided have a part in how the dependent does.
                state = now[dependent]
                if (state > DOWN or now[ci] == DOWN) and self._after.worth(number) == state:
                    edges = group.edges
                    edge = edges[0] if len(edges) == 1 else next(e for e in edges if e.target == ci)
                    causes[dependent] = number
                    paths[dependent] = (edge.id, *paths[ci])
                    waiting.append(dependent)
        return causes, paths

    def _standing(self, number: int) -> Standing:
        group = self._model.all[number][1]
        left = self._after.left(number)
        if len(group.edges) > 1:
            members = tuple(sorted({edge.target for edge in group.edges}))
            return Standing(group.name, group.k_min, left, group.total, group.soft, members)
        # Thousands of lone dependencies stand alike.
        key = group.name, group.k_min, left, group.total, group.soft
        return self._alike.get(key) or self._alike.setdefault(key, Standing(*key))

    def _reason(self, number: int) -> str:
        """Why, in words: the group that decided, and what is left of it."""
        group, after = self._model.all[number][1], self._after
        if len(group.edges) == 1:
            (edge,) = group.edges
            return words.alone(edge.type, self._name(edge.target), down=after.state[edge.target] == DOWN)
        if after.margin(number) < 0:
            return self._left(number)
        return words.left(
            group.total - after.hurt.get(number, 0), group.total, group.k_full, *self._lost(group, DEGRADED), whole=True
        )

    def _left(self, number: int) -> str:
        group = self._model.all[number][1]
        lost = self._lost(group, DOWN)
        return words.left(self._after.left(number), group.total, group.k_min, *lost, whole=False)

    def _lost(self, group: Group, least: int) -> tuple[list[words.Lost], list[words.Lost]]:
        """The members that do no better than that now, by name: those that fell, and those that were so before."""
        now, was = self._after.state, self._before.state
        there = sorted((self._name(e.target), e.target) for e in group.edges if now.get(e.target, UP) <= least)
        fell = [(name, now[ci] == DOWN) for name, ci in there if now[ci] < was.get(ci, UP)]
        return fell, [(name, now[ci] == DOWN) for name, ci in there if now[ci] == was.get(ci, UP)]

    def _risks(self) -> tuple[Risk, ...]:
        """Groups of CIs that live with nothing to spare now and with something before."""
        found = []
        for number in self._after.dead:
            ci = self._model.all[number][0]
            if self._after.state.get(ci, UP) > DOWN and self._lost_its_spare(number):
                found.append(Risk(ci, self._standing(number), self._left(number)))
        return tuple(sorted(found, key=lambda risk: (self._name(risk.ci), risk.ci, risk.standing.rule, risk.reason)))

    def _lost_its_spare(self, number: int) -> bool:
        """Whether it has nothing to spare now and had before; or now can lose no member, and could before."""
        before, after = self._before, self._after
        emptied = after.margin(number) == 0 < before.margin(number)
        return emptied or (after.spent(number) and not before.spent(number))
