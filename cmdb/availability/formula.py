"""Failure as formulas: an arena of threshold gates over literals, each formula once, simplified as it is made.

A gate is down when the weights of its children that are down reach `k`: OR has k = 1, AND has k = their number. Numbers
of formulas grow from children to parents, so every walk over an arena is a loop and depth costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd

FALSE, TRUE = 0, 1


@dataclass(frozen=True, slots=True)
class Literal:
    """A basic event, or its opposite."""

    event: str
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """Down when the weights of the children that are down reach `k`. Children are formulas by number."""

    k: int
    children: tuple[int, ...]
    weights: tuple[int, ...]

    @property
    def is_or(self) -> bool:
        """One child is enough."""
        return self.k == 1

    @property
    def is_and(self) -> bool:
        """Every child is needed; weights are then 1."""
        return self.k == len(self.children) == sum(self.weights)


class Formulas:
    """The arena. Equal formulas have equal numbers as far as the simplifications see it."""

    def __init__(self) -> None:
        self.nodes: list[Literal | Gate] = [Literal("", False), Literal("")]  # FALSE and TRUE hold the places 0 and 1
        self._numbers: dict[Literal | Gate, int] = {}
        self._negative = False  # without any NOT nobody has to look for opposites

    def _number(self, node: Literal | Gate) -> int:
        number = self._numbers.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number

    def literal(self, event: str, positive: bool = True) -> int:
        """A basic event or its opposite."""
        self._negative |= not positive
        return self._number(Literal(event, positive))

    def any_of(self, children: Iterable[int]) -> int:
        """OR, flat: an OR among the children gives its own children."""
        found: dict[int, None] = {}
        for child in children:
            found.update(dict.fromkeys(self.disjuncts(child)))
        found.pop(FALSE, None)
        if TRUE in found or self._opposed(found):
            return TRUE
        return self._plain(1, found)

    def grouped(self, children: Iterable[int]) -> int:
        """OR of these as they are, not flattened: for parts that are better kept apart."""
        return self._plain(1, dict.fromkeys(children))

    def all_of(self, children: Iterable[int]) -> int:
        """AND, flat; what every child would fail with is taken out before it (see `at_least`)."""
        found: dict[int, None] = {}
        for child in children:
            node = self.nodes[child]
            found.update(dict.fromkeys(node.children if isinstance(node, Gate) and node.is_and else (child,)))
        found.pop(TRUE, None)
        if FALSE in found or self._opposed(found):
            return FALSE
        return self._plain(len(found), found) if len(found) < 2 else self._factored(len(found), dict.fromkeys(found, 1))

    def at_least(self, k: int, children: Iterable[tuple[int, int]]) -> int:
        """Down when weights of at least `k` are; children are (formula, weight), a formula twice counts twice.

        Factorised: what alone brings down children of weight k (a host under all of them) stands beside the gate
        and no longer in it: k-of-n(D ∨ xᵢ) = D ∨ k-of-n(xᵢ).
        """
        found: Counter[int] = Counter()
        for child, weight in children:
            found[child] += weight
        k -= found.pop(TRUE, 0)
        found.pop(FALSE, None)
        if k <= 0:
            return TRUE
        return self._thinned(k, {child: min(weight, k) for child, weight in found.items() if weight > 0})

    def _thinned(self, k: int, found: Mapping[int, int]) -> int:
        """At least k, once the children that decide alone are beside the gate."""
        total = sum(found.values())
        if total < k:
            return FALSE
        if enough := [child for child, weight in found.items() if weight == k]:
            rest = {child: weight for child, weight in found.items() if weight < k}
            return self.any_of([*enough, self._thinned(k, rest)])
        if needed := [child for child, weight in found.items() if total - weight < k]:
            rest = {child: weight for child, weight in found.items() if total - weight >= k}
            left = k - sum(found[child] for child in needed)
            return self.all_of([*needed, self.at_least(left, rest.items())])
        part = gcd(*found.values())
        return self._factored(-(-k // part), {child: weight // part for child, weight in found.items()})

    def _factored(self, k: int, found: Mapping[int, int]) -> int:
        shared: Counter[int] = Counter()
        for child, weight in found.items():
            for disjunct in self.disjuncts(child):
                shared[disjunct] += weight
        common = {disjunct for disjunct, weight in shared.items() if weight >= k}
        if not common:
            return self._number(_sorted_gate(k, found))
        rest: Counter[int] = Counter()
        for child, weight in found.items():
            rest[self.any_of(d for d in self.disjuncts(child) if d not in common)] += weight
        return self.any_of([*common, self.at_least(k, rest.items())])

    def _plain(self, k: int, children: Iterable[int]) -> int:
        alone = tuple(children)
        if len(alone) < 2:
            return alone[0] if alone else (TRUE if k == 0 else FALSE)
        return self._number(_sorted_gate(k, dict.fromkeys(alone, 1)))

    def disjuncts(self, number: int) -> tuple[int, ...]:
        """The children of an OR; any other formula is its own only one."""
        node = self.nodes[number]
        return node.children if isinstance(node, Gate) and node.is_or else (number,)

    def _opposed(self, children: Iterable[int]) -> bool:
        """Whether an event and its opposite are among these."""
        if not self._negative:
            return False
        literals = {node for child in children if child > TRUE and isinstance(node := self.nodes[child], Literal)}
        return any(Literal(one.event, not one.positive) in literals for one in literals)

    def reachable(self, root: int) -> list[int]:
        """Every formula in `root`, children before parents; without the constants."""
        seen, stack = {root}, [root]
        while stack:
            node = self.nodes[stack.pop()]
            if isinstance(node, Gate):
                new = [child for child in node.children if child not in seen]
                seen.update(new)
                stack += new
        return sorted(seen - {FALSE, TRUE})

    def rebuilt(self, root: int, values: Mapping[int, int]) -> int:
        """`root` with formulas replaced by others (constants, or their opposites), simplified again."""
        new = dict(values)
        for number in self.reachable(root):
            node = self.nodes[number]
            if number in new or isinstance(node, Literal):
                new.setdefault(number, number)
            elif all(new[child] == child for child in node.children):
                new[number] = number
            else:
                changed = [(new[child], w) for child, w in zip(node.children, node.weights, strict=True)]
                new[number] = self.at_least(node.k, changed)
        return new.get(root, root)

    def opposite(self, root: int) -> int:
        """NOT, driven down to the literals: fewer than k down is at least total − k + 1 not down."""
        new = {FALSE: TRUE, TRUE: FALSE}
        for number in self.reachable(root):
            node = self.nodes[number]
            if isinstance(node, Literal):
                new[number] = self.literal(node.event, not node.positive)
            else:
                pairs = zip((new[child] for child in node.children), node.weights, strict=True)
                new[number] = self.at_least(sum(node.weights) - node.k + 1, pairs)
        return new[root]

    def events(self, root: int) -> set[str]:
        """The basic events in it."""
        nodes = (self.nodes[number] for number in self.reachable(root))
        return {node.event for node in nodes if isinstance(node, Literal)}

    def coherent(self, root: int) -> bool:
        """Whether nothing in it is a NOT, so that one more failure never makes it better."""
        nodes = (self.nodes[number] for number in self.reachable(root))
        return all(node.positive for node in nodes if isinstance(node, Literal))


def _sorted_gate(k: int, found: Mapping[int, int]) -> Gate:
    order = sorted(found)
    return Gate(k, tuple(order), tuple(found[child] for child in order))


def missing(k: int, weights: Sequence[int]) -> list[list[int]]:
    """For a gate, before each child, the weights that can still be missing: what is settled or hopeless is left out.

    Few even for heavy weights: it is the sums that count and not their size.
    """
    found, now, left = [], {k}, sum(weights)
    for weight in weights:
        found.append(sorted(now))
        left -= weight
        now = {rest for gap in now for rest in (gap, gap - weight) if 0 < rest <= left}
    return found
