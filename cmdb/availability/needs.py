"""What every CI still needs, once some are down: which CIs each alone bring it down, and which groups can spare some.

A hard group is down when the weights of its members that are not down sum to less than `k_min`; a soft group never
is. With slack = sum − k_min, a member heavier than the slack is *essential*: no better than a lone dependency.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cmdb.impact.model import Group, Model


@dataclass(frozen=True, slots=True)
class Spare:
    """A group that survives any one loss: it fails when the weights lost exceed `slack`. Members with weights."""

    slack: int
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything that must be up for a CI to be up (itself included), and every group met on the way."""

    cis: tuple[str, ...]
    spares: tuple[Spare, ...]


class Needs:
    """The model with `failed` down, and with them all that falls: `down`, the least set (a cycle falls not by itself).

    What cannot be up as it is declared (k above its total) is down too.
    """

    def __init__(self, model: Model, failed: Collection[str] = ()) -> None:
        self._model = model
        self.down = _fallen(model, failed)
        self._needs: dict[str, tuple[tuple[str, ...], tuple[Spare, ...]]] = {}
        self._closures: dict[str, Closure] = {}

    def of(self, ci: str) -> tuple[tuple[str, ...], tuple[Spare, ...]]:
        """The essential dependencies of a CI that is not down, and its groups with something to spare."""
        if ci not in self._needs:
            essential: dict[str, None] = {}
            spares: list[Spare] = []
            for group in self._model.groups.get(ci, ()):
                if not group.soft:
                    self._split(group, essential, spares)
            self._needs[ci] = tuple(essential), tuple(dict.fromkeys(spares))
        return self._needs[ci]

    def _split(self, group: Group, essential: dict[str, None], spares: list[Spare]) -> None:
        left = {ci: weight for ci, weight in weights(group).items() if ci not in self.down}
        slack = sum(left.values()) - group.k_min
        essential.update((ci, None) for ci, weight in left.items() if weight > slack)
        rest = tuple((ci, weight) for ci, weight in left.items() if 0 < weight <= slack)
        if sum(weight for _, weight in rest) > slack:
            spares.append(Spare(slack, rest))

    def closure(self, ci: str) -> Closure:
        """Breadth first over essential dependencies; kept, since members of groups are asked for again and again."""
        if ci not in self._closures:
            found, queue, spares = {ci: None}, deque([ci]), dict[Spare, None]()
            while queue:
                essential, groups = self.of(queue.popleft())
                spares.update(dict.fromkeys(groups))
                queue.extend(new := [one for one in essential if one not in found])
                found.update(dict.fromkeys(new))
            self._closures[ci] = Closure(tuple(found), tuple(spares))
        return self._closures[ci]

    def members(self, ci: str) -> list[str]:
        """The members of every group in the closure of a CI, each once."""
        return list(dict.fromkeys(m for spare in self.closure(ci).spares for m, _ in spare.members))

    def units(self, start: str) -> list[str]:
        """The CIs whose closures the answer for `start` is put together from, members before what has them.

        Depth first with a stack of our own; in a cycle the order is that of a first walk through it.
        """
        seen, order = {start}, list[str]()
        stack = [(start, iter(self.members(start)))]
        while stack:
            ci, left = stack[-1]
            new = next((m for m in left if m not in seen), None)
            if new is None:
                order.append(ci)
                stack.pop()
            else:
                seen.add(new)
                stack.append((new, iter(self.members(new))))
        return order


def weights(group: Group) -> dict[str, int]:
    """The weight of each member; two edges to the same CI fail together, so theirs add up."""
    found: dict[str, int] = defaultdict(int)
    for edge, weight in zip(group.edges, group.weights, strict=True):
        found[edge.target] += weight
    return dict(found)


def _fallen(model: Model, failed: Collection[str]) -> frozenset[str]:
    """The failed, what can never be up, and all that falls with them; a counter per group, so linear in what falls."""
    left: dict[int, int] = {}
    down = dict.fromkeys([*failed, *(ci for ci in sorted(model.faulty) if _hopeless(model.groups[ci]))])
    queue = deque(down)
    while queue:
        for number, weight in model.uses.get(queue.popleft(), ()):
            dependent, group = model.all[number]
            left[number] = left.get(number, group.total) - weight
            if left[number] < group.k_min and not group.soft and dependent not in down:
                down[dependent] = None
                queue.append(dependent)
    return frozenset(down)


def _hopeless(groups: Iterable[Group]) -> bool:
    return any(group.total < group.k_min and not group.soft for group in groups)
