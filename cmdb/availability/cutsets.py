"""Minimal cut sets: the smallest sets of events that bring a formula down, none a part of another.

Two ways that know nothing of each other. Counting, of every order: a decision diagram turned into the diagram of its
minimal solutions (Rauzy, "New algorithms for fault trees analysis", 1993), module by module, with a polynomial per
module. Listing, up to an order: bottom up, dropping what is too large at once, so it needs no diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cmdb.availability.bdd import Diagram, Drawn, TooManyNodes, drawn
from cmdb.availability.formula import FALSE, TRUE, Formulas, Gate, Literal, missing
from cmdb.availability.modules import modules
from cmdb.availability.solve import alone
from cmdb.errors import Invalid

HIGHEST = 32
"""Sets of more events than this are not counted."""

MOST_SETS = 20_000
"""Sets kept for one gate while listing, of more than one event."""
MOST_MADE = 1_000_000
"""Sets made for all gates while listing those of one order: some seconds, and a hundred megabytes."""

Cut = frozenset[str]
Counted = Callable[[Iterable[Cut]], Iterator[Cut]]
"""Hands sets on, and raises when these are too many in all."""


@dataclass(frozen=True, slots=True)
class CutSets:
    """`counts` has (order, how many); `listed` are all of the lowest orders, small ones first; `truncated` says why

    not all are counted or listed, if so.
    """

    counts: tuple[tuple[int, int], ...]
    listed: tuple[tuple[str, ...], ...]
    truncated: str | None = None


def cut_sets(formulas: Formulas, root: int, order: int = 3, most: int = 1_000, nodes: int = 50_000) -> CutSets:
    """Counted by order, and listed up to `order` and `most`. Invalid if there is a NOT: see prime implicants."""
    if not formulas.coherent(root):
        raise Invalid("a tree with NOT has prime implicants and no minimal cut sets; only its probability is computed")
    root = alone(formulas, root)
    cuts, whole = listed(formulas, root, order)
    why = [] if whole == order else [f"too many sets of order {whole + 1}: only smaller ones are listed"]
    try:
        counts = counted(formulas, root, nodes)
    except TooManyNodes:
        counts = {size: sum(len(cut) == size for cut in cuts) for size in range(whole + 1)}
        why.append(f"too entangled to count the sets of more than {whole} events")
    if max(counts, default=0) > HIGHEST:
        counts.pop(HIGHEST + 1)
        why.append(f"sets of more than {HIGHEST} events are not counted")
    if len(cuts) > most:
        why.append(f"the first {most:,} of {len(cuts):,} are listed")
    found = tuple((size, number) for size, number in sorted(counts.items()) if number)
    return CutSets(found, tuple(cuts[:most]), "; ".join(why) or None)


# Listing -----------------------------------------------------------------------------------------------------------


def listed(formulas: Formulas, root: int, order: int) -> tuple[list[tuple[str, ...]], int]:
    """All minimal cut sets of at most `order` events, small ones first, and up to which order they are complete.

    That is less than asked where some gate has more than MOST_SETS, or all of them together are too many to make: in
    an estate where all hangs on all even those of one event may be, and the order is 0. The orders are gone through
    upwards, so that a great one costs nothing where a small one is too much already.
    """
    found: list[Cut] = []
    for whole in range(1, order + 1):
        try:
            found = _listed(formulas, root, whole)
        except _TooMany:
            order = whole - 1
            break
    return sorted((tuple(sorted(cut)) for cut in found), key=lambda cut: (len(cut), cut)), order


class _TooMany(Exception):
    """Not an error: the sets of this order are not listed."""


def _listed(formulas: Formulas, root: int, order: int) -> list[Cut]:
    made: dict[int, list[Cut]] = {FALSE: [], TRUE: [frozenset()]}
    left = MOST_MADE

    def counted(cuts: Iterable[Cut]) -> Iterator[Cut]:
        nonlocal left
        for cut in cuts:
            left -= 1
            if left < 0:
                raise _TooMany
            yield cut

    for number in formulas.reachable(root):
        node = formulas.nodes[number]
        if isinstance(node, Literal):
            made[number] = [frozenset((node.event,))]
            continue
        made[number] = _of_gate(node, made, order, counted)
        if len(made[number]) > MOST_SETS and order > 1:
            raise _TooMany
    return made[root]


def _of_gate(gate: Gate, made: Mapping[int, list[Cut]], order: int, counted: Counted) -> list[Cut]:
    if gate.is_or:
        return minimal(counted(cut for child in gate.children for cut in made[child]))
    # For every weight still missing, what brings it down among the children from here on.
    row: dict[int, list[Cut]] = {}
    for child, weight, gaps in zip(
        reversed(gate.children), reversed(gate.weights), reversed(missing(gate.k, gate.weights)), strict=True
    ):
        new = {}
        for gap in gaps:
            rest = [frozenset[str]()] if gap <= weight else row.get(gap - weight, [])
            new[gap] = minimal([*row.get(gap, []), *_together(made[child], rest, order, counted)])
        row = new
    return row[gate.k]


def _together(ones: Sequence[Cut], others: Sequence[Cut], order: int, counted: Counted) -> list[Cut]:
    """Unions of one of these and one of those, of at most `order` events."""
    if order == 1 and frozenset() not in ones and frozenset() not in others:
        same = set(others)  # all have one event: no need to put each with each
        return [one for one in counted(ones) if one in same]
    return [both for both in counted(one | other for one in ones for other in others) if len(both) <= order]


def minimal(cuts: Iterable[Cut]) -> list[Cut]:
    """Those that contain no other. Looks for parts of a set by its subsets, which are few: sets are small."""
    found: set[Cut] = set()
    for cut in sorted(set(cuts), key=len):
        if not any(part in found for part in _parts(cut)):
            found.add(cut)
    return list(found)


def _parts(cut: Cut) -> list[Cut]:
    parts = [frozenset[str]()]
    for event in cut:
        parts += [part | {event} for part in parts]
    return parts


# Counting ----------------------------------------------------------------------------------------------------------


def counted(formulas: Formulas, root: int, nodes: int) -> dict[int, int]:
    """How many minimal cut sets have how many events; those above HIGHEST together at HIGHEST + 1.

    Raises TooManyNodes.
    """
    known: dict[int, dict[int, int]] = {FALSE: {}, TRUE: {0: 1}}
    for module in modules(formulas, root):
        made = drawn(formulas, module, nodes, module.gates)
        cuts = Cuts(made, module.root)
        leaves = [known.get(leaf, {1: 1}) for leaf in made.order]
        known[module.root] = cuts.count(leaves)
    return known.get(root, {1: 1})


class Cuts:
    """The minimal solutions of a diagram as a zero-suppressed diagram: at a node, sets without or with its event."""

    def __init__(self, made: Drawn, root: int) -> None:
        self.zeros = Diagram(made.diagram.most)
        self._known: dict[tuple[int, int], int] = {}
        self.root = self._solutions(made.diagram, made.nodes[root])

    def _solutions(self, made: Diagram, root: int) -> int:
        below, stack = {root}, [root]
        while stack:
            node = stack.pop()
            new = [n for n in (made.low[node], made.high[node]) if n not in below]
            below.update(new)
            stack += new
        found = {0: 0, 1: 1}
        for node in sorted(below - {0, 1}):
            low, high = found[made.low[node]], found[made.high[node]]
            found[node] = self._node(made.level[node], low, remembered(self._without, (high, low), self._known))
        return found[root]

    def _node(self, level: int, low: int, high: int) -> int:
        return low if high == 0 else self.zeros.node(level, low, high)

    def _without(self, key: tuple[int, int]) -> Generator[tuple[int, int], int, int]:
        """The sets of one family that contain none of the other's."""
        one, other = key
        if one == 0 or other == 1:
            return 0
        if other == 0 or one == 1:
            return one
        zeros = self.zeros
        at_one, at_other = zeros.level[one], zeros.level[other]
        if at_one > at_other:
            return (yield one, zeros.low[other])
        if at_one < at_other:
            low = yield zeros.low[one], other
            high = yield zeros.high[one], other
        else:
            low = yield zeros.low[one], zeros.low[other]
            high = yield zeros.high[one], zeros.low[other]
            high = yield high, zeros.high[other]
        return self._node(at_one, low, high)

    def count(self, leaves: Sequence[Mapping[int, int]]) -> dict[int, int]:
        """How many sets by order, when the leaf at each level stands for so many sets itself."""
        zeros = self.zeros
        found: list[Mapping[int, int]] = [{}, {0: 1}]
        for level, low, high in zip(zeros.level[2:], zeros.low[2:], zeros.high[2:], strict=True):
            counts = dict(found[low])
            for size, number in found[high].items():
                for more, times in leaves[level].items():
                    order = min(size + more, HIGHEST + 1)
                    counts[order] = counts.get(order, 0) + number * times
            found.append(counts)
        return dict(found[self.root])

    def weigh(self, values: Sequence[float]) -> tuple[float, list[float]]:
        """The sum over the sets of the product of their leaves' `values`, and its derivative by each level."""
        zeros = self.zeros
        found = [0.0, 1.0]
        for level, low, high in zip(zeros.level[2:], zeros.low[2:], zeros.high[2:], strict=True):
            found.append(found[low] + values[level] * found[high])
        share = [0.0] * len(found)
        share[self.root] = 1.0
        by_level = [0.0] * len(values)
        for node in range(len(found) - 1, 1, -1):
            if share[node]:
                level = zeros.level[node]
                share[zeros.low[node]] += share[node]
                share[zeros.high[node]] += share[node] * values[level]
                by_level[level] += share[node] * found[zeros.high[node]]
        return found[self.root], by_level


def remembered(
    rule: Callable[[tuple[int, int]], Generator[tuple[int, int], int, int]],
    key: tuple[int, int],
    known: dict[tuple[int, int], int],
) -> int:
    """Recursion with memory and a stack of our own: a rule yields the keys it needs and is sent their answers."""
    if key in known:
        return known[key]
    stack = [(key, rule(key))]
    answer: int | None = None
    while stack:
        now, steps = stack[-1]
        try:
            wanted = steps.send(answer) if answer is not None else next(steps)
        except StopIteration as end:
            known[now] = answer = int(end.value)
            stack.pop()
            continue
        answer = known.get(wanted)
        if answer is None:
            stack.append((wanted, rule(wanted)))
    return known[key]
