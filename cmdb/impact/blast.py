"""The blast radius of a set of CIs: who goes down or is degraded when all of them are down, jointly, and why.

States and rules as in the design of impact: a CI's effective state is the least of its own and of its groups' values,
taken as the greatest fixpoint, so that a cycle alone never brings anything down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum

from cmdb.impact.model import Edge, Group, Model


class State(IntEnum):
    """How well a CI does; the order is the order of health."""

    DOWN = 0
    DEGRADED = 1
    UP = 2


@dataclass(frozen=True, slots=True)
class Impacted:
    """One CI in the radius. `path` are edge ids from this CI down to one of the failed, a shortest such chain."""

    ci: str
    before: State
    after: State
    hops: int
    path: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Blast:
    """The radius: `items` nearest first, `at_risk` the CIs still up whose redundancy is now spent."""

    failed: tuple[str, ...]
    items: tuple[Impacted, ...]
    at_risk: tuple[str, ...]

    def verdict(self, name: Callable[[str], str]) -> str:
        """One sentence: "If neo4j stops, 1 CI goes down: epicentre."."""
        who = _listed([name(ci) for ci in self.failed])
        verb = "stops" if len(self.failed) == 1 else "stop together"
        if not self.items:
            return f"If {who} {verb}, nothing else known here is affected."
        down = [name(i.ci) for i in self.items if i.after is State.DOWN]
        degraded = [name(i.ci) for i in self.items if i.after is State.DEGRADED]
        parts = []
        if down:
            parts.append(f"{_count(down)} {'goes' if len(down) == 1 else 'go'} down ({_listed(down)})")
        if degraded:
            parts.append(f"{_count(degraded)} {'is' if len(degraded) == 1 else 'are'} degraded ({_listed(degraded)})")
        return f"If {who} {verb}, {' and '.join(parts)}."


def _count(names: Collection[str]) -> str:
    return "1 CI" if len(names) == 1 else f"{len(names)} CIs"


def _listed(names: list[str], most: int = 5) -> str:
    shown = names[:most]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def effective(model: Model, own: Mapping[str, State], default: State = State.UP) -> dict[str, State]:
    """Effective states below UP, by CI: the greatest fixpoint, found by going down from the CIs that are not up."""
    state: dict[str, State] = {ci: s for ci, s in own.items() if s < State.UP}
    queue = deque(sorted(state))
    while queue:
        for dependent in model.dependents.get(queue.popleft(), ()):
            now = min(own.get(dependent, default), *(value(g, state) for g in model.groups[dependent]))
            if now < state.get(dependent, State.UP):
                state[dependent] = now
                queue.append(dependent)
    return state


def value(group: Group, state: Mapping[str, State]) -> State:
    """What a group still gives its dependent."""
    states = [state.get(edge.target, State.UP) for edge in group.edges]
    if sum(s is State.UP for s in states) >= group.k_full:
        return State.UP
    alive = sum(s >= State.DEGRADED for s in states) >= group.k_min
    return State.DEGRADED if alive or group.soft else State.DOWN


def blast_radius(
    model: Model,
    failed: Collection[str],
    name: Callable[[str], str],
    own: Mapping[str, State] | None = None,
) -> Blast:
    """Everything whose effective state falls when all of `failed` are down, from the states `own` before.

    `name` gives a CI's name for the reasons.
    """
    before = effective(model, own or {})
    after = effective(model, {**(own or {}), **dict.fromkeys(failed, State.DOWN)})
    fallen = {ci for ci, s in after.items() if s < before.get(ci, State.UP)} - set(failed)
    paths = _witnesses(model, failed, fallen, after)
    items = [
        Impacted(
            ci=ci,
            before=before.get(ci, State.UP),
            after=after[ci],
            hops=len(paths[ci]),
            path=tuple(edge.id for edge in paths[ci]),
            reason=_reason(model, ci, after, name),
        )
        for ci in fallen
    ]
    items.sort(key=lambda item: (item.hops, item.after, name(item.ci), item.ci))
    return Blast(tuple(failed), tuple(items), _at_risk(model, before, after))


def _witnesses(
    model: Model, failed: Collection[str], fallen: Collection[str], after: Mapping[str, State]
) -> dict[str, tuple[Edge, ...]]:
    """For each fallen CI a shortest chain of broken dependencies down to a failed one, breadth first."""
    paths: dict[str, tuple[Edge, ...]] = dict.fromkeys(failed, ())
    queue = deque(sorted(failed))
    while queue:
        ci = queue.popleft()
        for dependent in model.dependents.get(ci, ()):
            if dependent in fallen and dependent not in paths and (edge := _broken(model, dependent, ci, after)):
                paths[dependent] = (edge, *paths[ci])
                queue.append(dependent)
    return paths


def _broken(model: Model, dependent: str, target: str, after: Mapping[str, State]) -> Edge | None:
    """The edge to `target` in a group that is hurt; a group that holds is no cause, even if it lost a member."""
    hurt = (g for g in model.groups[dependent] if value(g, after) < State.UP)
    return next((e for g in hurt for e in g.edges if e.target == target), None)


def _reason(model: Model, ci: str, after: Mapping[str, State], name: Callable[[str], str]) -> str:
    """Why, in words: the group that decided, and what is left of it."""
    worst = min(model.groups[ci], key=lambda g: (value(g, after), len(g.edges)))
    hurt = sorted({e.target for e in worst.edges if after.get(e.target, State.UP) < State.UP}, key=name)
    if len(worst.edges) == 1:
        verb = _VERBS.get(worst.edges[0].type, "needs")
        condition = "which is down" if after[hurt[0]] is State.DOWN else "which is degraded"
        return f"{verb} {name(hurt[0])}, {condition}"
    left = len(worst.edges) - len(hurt)
    return f"{left} of {len(worst.edges)} left, {worst.k_min} needed: {_listed([name(h) for h in hurt])} lost"


_VERBS = {
    "RUNS_ON": "runs on", "PART_OF": "is part of", "ASSIGNED_TO": "is reached through", "HOSTED_ON": "is hosted on",
    "FORMED_BY": "is formed by", "POWERED_BY": "is powered by", "PROTECTED_BY": "is behind", "USES": "uses",
    "BALANCES_OVER": "is balanced over", "STORED_ON": "is stored on", "SERVED_BY": "is served by",
    "ENDS_AT": "ends at", "SECURED_BY": "is secured by",
}  # fmt: skip


def _at_risk(model: Model, before: Mapping[str, State], after: Mapping[str, State]) -> tuple[str, ...]:
    """CIs still alive with a group that has nothing to spare now and had something before."""
    found = [
        ci
        for ci, groups in model.groups.items()
        if after.get(ci, State.UP) > State.DOWN and any(_margin(g, after) == 0 < _margin(g, before) for g in groups)
    ]
    return tuple(sorted(found))


def _margin(group: Group, state: Mapping[str, State]) -> int:
    return sum(state.get(e.target, State.UP) >= State.DEGRADED for e in group.edges) - group.k_min
