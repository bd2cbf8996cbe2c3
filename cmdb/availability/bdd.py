"""Binary decision diagrams in plain Python: small, without recursion, with a limit on the nodes made.

Bryant, "Graph-based algorithms for Boolean function manipulation", 1986. Node 0 is false and 1 is true; any other node
says: if its event (by level) is down go `high`, else `low`. Nodes are made after those they point to, so a sweep over
the numbers is a sweep from the leaves to the root.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cmdb.availability.formula import Formulas, Gate, Literal, missing
from cmdb.availability.modules import Module

LEAF = 1 << 60
"""The level of the two constants: below every event."""

K = TypeVar("K", bound=Hashable)


class TooManyNodes(Exception):
    """The diagram would have more nodes than allowed."""


class Diagram:
    """A diagram under construction. `level`, `low` and `high` by node."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.level, self.low, self.high = [LEAF, LEAF], [0, 1], [0, 1]
        self._unique: dict[tuple[int, int, int], int] = {}
        self._choices: dict[tuple[int, int, int], int] = {}

    def node(self, level: int, low: int, high: int) -> int:
        """If the event at `level` is down then `high` else `low`."""
        if low == high:
            return low
        key = level, low, high
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = len(self.level)
            if found > self.most:
                raise TooManyNodes
            self.level.append(level)
            self.low.append(low)
            self.high.append(high)
        return found

    def choice(self, f: int, g: int, h: int) -> int:
        """If f then g else h."""
        known = _simple(f, g, h)
        return known if known is not None else solved((f, g, h), self._choices, self._parts, self._join)

    def _parts(self, key: tuple[int, int, int]) -> tuple[int, list[tuple[int, int, int] | int]]:
        # The inmost loop of all: spelled out, it takes half the time.
        f, g, h = key
        levels, low, high = self.level, self.low, self.high
        at_f, at_g, at_h = levels[f], levels[g], levels[h]
        level = min(at_f, at_g, at_h)
        f0, f1 = (low[f], high[f]) if at_f == level else (f, f)
        g0, g1 = (low[g], high[g]) if at_g == level else (g, g)
        h0, h1 = (low[h], high[h]) if at_h == level else (h, h)
        without, having = _simple(f0, g0, h0), _simple(f1, g1, h1)
        return level, [(f0, g0, h0) if without is None else without, (f1, g1, h1) if having is None else having]

    def _join(self, level: int, values: Sequence[int]) -> int:
        return self.node(level, values[0], values[1])

    def at_least(self, k: int, children: Sequence[int], weights: Sequence[int]) -> int:
        """Whether the weights of the children that are down reach k: an answer for every weight still missing."""
        row: dict[int, int] = {}
        left = 0
        for child, weight, gaps in zip(
            reversed(children), reversed(weights), reversed(missing(k, weights)), strict=True
        ):
            having = (1 if gap <= weight else row[gap - weight] if gap - weight <= left else 0 for gap in gaps)
            without = (row[gap] if gap <= left else 0 for gap in gaps)
            row = {gap: self.choice(child, g, h) for gap, g, h in zip(gaps, having, without, strict=True)}
            left += weight
        return row[k]


def _simple(f: int, g: int, h: int) -> int | None:
    if f <= 1:
        return g if f else h
    if g == h:
        return g
    return f if g == 1 and h == 0 else None


def solved(
    key: K,
    known: dict[K, int],
    parts: Callable[[K], tuple[int, list[K | int]]],
    join: Callable[[int, Sequence[int]], int],
) -> int:
    """Recursion with memory and a stack of our own: `parts` of a key are keys or answers, `join` makes its answer."""
    stack = [(key, *parts(key))]
    while stack:
        now, level, needed = stack[-1]
        for i, part in enumerate(needed):
            if not isinstance(part, int):
                if part not in known:
                    stack.append((part, *parts(part)))
                    break
                needed[i] = known[part]
        else:
            known[now] = join(level, needed)  # type: ignore[arg-type]  # every part is an answer now
            stack.pop()
    return known[key]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Formulas of a module in one diagram: the node of each, and the leaf at each level (an event as itself)."""

    diagram: Diagram
    nodes: Mapping[int, int]
    order: tuple[int, ...]


def drawn(formulas: Formulas, module: Module, most: int, gates: Sequence[int]) -> Drawn:
    """The diagram of `gates` (from children to parents) of a module. Raises TooManyNodes."""
    order = _order(formulas, module)
    level = {leaf: i for i, leaf in enumerate(order)}
    made = Diagram(most)
    nodes: dict[int, int] = {}
    for leaf in module.leaves:
        node = formulas.nodes[leaf]
        if isinstance(node, Literal) and not node.positive:
            nodes[leaf] = made.node(level[formulas.literal(node.event)], 1, 0)
        else:
            nodes[leaf] = made.node(level[leaf], 0, 1)
    for number in gates:
        gate = formulas.nodes[number]
        assert isinstance(gate, Gate)
        pairs = sorted(
            ((nodes[child], weight) for child, weight in zip(gate.children, gate.weights, strict=True)),
            key=lambda pair: made.level[pair[0]],
        )
        nodes[number] = made.at_least(gate.k, [n for n, _ in pairs], [w for _, w in pairs])
    return Drawn(made, nodes, tuple(order))


def probabilities(made: Diagram, q: Sequence[float], known: Sequence[float] = ()) -> list[float]:
    """For each node how likely it is true; `q` by level. `known` is the answer from before more nodes were made."""
    found = list(known) or [0.0, 1.0]
    start = len(found)
    for level, low, high in zip(made.level[start:], made.low[start:], made.high[start:], strict=True):
        found.append(q[level] * found[high] + (1 - q[level]) * found[low])
    return found


def _order(formulas: Formulas, module: Module) -> list[int]:
    """Leaves in the order of a depth-first walk; of a gate's children next the one that shares most with those before.

    Events that occur together come to lie together, which keeps diagrams small.
    """
    inside = set(module.gates)
    support = supports(formulas, module)
    order: dict[int, None] = {}
    seen, stack = set[int](), [module.root]
    while stack:
        number = stack.pop()
        if number in seen:
            continue
        seen.add(number)
        if number not in inside:
            node = formulas.nodes[number]
            positive = formulas.literal(node.event) if isinstance(node, Literal) else number
            order.setdefault(positive)
            continue
        gate = formulas.nodes[number]
        assert isinstance(gate, Gate)
        new = [child for child in gate.children if child not in seen]
        stack += reversed(_by_overlap(new, support))
    return list(order)


WIDEST = 300
"""Children up to which their order is chosen pair by pair."""


def _by_overlap(children: list[int], support: Mapping[int, int]) -> list[int]:
    if len(children) > WIDEST:
        return sorted(children, key=lambda child: (support[child].bit_count(), child))
    left = sorted(children, key=lambda child: (support[child].bit_count(), child))
    order, seen = list[int](), 0
    while left:
        best = max(range(len(left)), key=lambda i: _overlap(support[left[i]], seen, i))
        seen |= support[left[best]]
        order.append(left.pop(best))
    return order


def _overlap(support: int, seen: int, place: int) -> tuple[int, int, int]:
    return (support & seen).bit_count(), -(support & ~seen).bit_count(), -place


def supports(formulas: Formulas, module: Module) -> dict[int, int]:
    """The leaves below each gate, as a set of bits."""
    support = {leaf: 1 << i for i, leaf in enumerate(module.leaves)}
    for number in module.gates:
        gate = formulas.nodes[number]
        assert isinstance(gate, Gate)
        bits = 0
        for child in gate.children:
            bits |= support[child]
        support[number] = bits
    return support
