"""How likely a formula is: exactly where that can be done, else between two bounds that certainly hold.

Modules are solved alone, inner before outer: an OR or AND of independent parts by its product, others by a decision
diagram of limited size. A module above the limit is split on its widest common causes, most uncertain part first;
what is not split further is bounded. All events are taken as independent; probabilities are of being *down*, and
products of "not down" go through log1p and expm1, so that 1e-9 keeps its digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import prod

from cmdb.availability.bdd import Diagram, Drawn, TooManyNodes, drawn, probabilities, supports
from cmdb.availability.bounds import Bounds, by_gates, by_pairs, either
from cmdb.availability.formula import FALSE, TRUE, Formulas, Gate, Literal
from cmdb.availability.modules import Module, modules, parted
from cmdb.errors import TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is tried: nodes of a module's diagram, nodes of one part of a split module, parts, and when to stop."""

    nodes: int = 50_000
    part_nodes: int = 5_000
    parts: int = 12
    width: float = 1e-5


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Between `lo` and `hi`. `method` is exact, conditioned (split on common causes) or bounds."""

    lo: float
    hi: float
    method: str


METHODS = ("exact", "conditioned", "bounds")


class Solver:
    """Solves formulas of one arena with the probabilities `q` by event; what was solved once is kept."""

    def __init__(self, formulas: Formulas, q: Mapping[str, float], limits: Limits = USUAL) -> None:
        self.formulas, self.q, self.limits = formulas, q, limits
        self.solved: dict[int, Bounds] = {FALSE: (0.0, 0.0), TRUE: (1.0, 1.0)}
        self.diagrams: dict[int, Drawn] = {}

    def likelihood(self, root: int) -> Likelihood:
        """How likely `root` is. A formula with a NOT is solved exactly or refused (TooLarge): bounds need none."""
        root = alone(self.formulas, root)
        worst = 0
        for module in modules(self.formulas, root):
            if module.root not in self.solved:
                try:
                    self.solved[module.root] = self._exact(module, self.limits.nodes)
                except TooManyNodes:
                    if not self.formulas.coherent(root):
                        raise TooLarge(
                            f"a tree with NOT is solved exactly or not at all, and this one takes more than"
                            f" {self.limits.nodes:,} nodes: allow more, or solve a gate below it"
                        ) from None
                    self.solved[module.root], method = self._split(module)
                    worst = max(worst, METHODS.index(method))
        lo, hi = self.leaf(root)
        return Likelihood(lo, hi, METHODS[worst])

    def leaf(self, number: int) -> Bounds:
        """What is known of a literal or of a module solved before."""
        node = self.formulas.nodes[number]
        if number not in self.solved and isinstance(node, Literal):
            q = self.q[node.event] if node.positive else 1 - self.q[node.event]
            self.solved[number] = q, q
        return self.solved[number]

    def _exact(self, module: Module, most: int) -> Bounds:
        """The module by its leaves; exact leaves give an exact answer, bounded leaves bounds."""
        gate = self.formulas.nodes[module.root]
        assert isinstance(gate, Gate)
        if len(module.gates) == 1 and (gate.is_or or gate.is_and):
            leaves = [self.leaf(child) for child in gate.children]
            join = either if gate.is_or else prod
            return join(lo for lo, _ in leaves), join(hi for _, hi in leaves)
        made = self.diagrams[module.root] = drawn(self.formulas, module, most, module.gates)
        root = made.nodes[module.root]
        leaves = [self.leaf(leaf) for leaf in made.order]
        lo = probabilities(made.diagram, [low for low, _ in leaves])[root]
        if all(low == high for low, high in leaves):
            return lo, lo
        return lo, probabilities(made.diagram, [high for _, high in leaves])[root]

    def _split(self, module: Module) -> tuple[Bounds, str]:
        """The module as a sum over the states of its widest common causes, as far as `limits` allow."""
        parts = [self._part(module.root, (1.0, 1.0))]
        for _ in range(self.limits.parts):
            part = max(parts, key=lambda p: p.doubt)
            if part.hard is None or sum(p.doubt for p in parts) <= self.limits.width:
                break
            parts.remove(part)
            parts += self._halves(part, part.hard)
        lo = sum(part.mass[0] * part.value[0] for part in parts)
        hi = sum(part.mass[1] * part.value[1] for part in parts)
        sure = any(part.hard is None for part in parts)
        return (lo, max(lo, min(1.0, hi))), METHODS[1 if sure else 2]

    def _halves(self, part: Part, hard: Module) -> list[Part]:
        """The part with its widest common cause down, and with it not down."""
        cause = widest(self.formulas, hard)
        (low, high), (lo, hi) = part.mass, self.leaf(cause)
        return [
            self._part(self.formulas.rebuilt(part.root, {cause: TRUE}), (low * lo, high * hi)),
            self._part(self.formulas.rebuilt(part.root, {cause: FALSE}), (low * (1 - lo), high * (1 - hi))),
        ]

    def _part(self, root: int, mass: Bounds) -> Part:
        """One part: solved if every module of it can be, else bounded. What rests on bounds is not kept."""
        root = alone(self.formulas, root)
        hard: Module | None = None
        unsure = []
        for module in modules(self.formulas, root):
            if module.root in self.solved:
                continue
            try:
                self.solved[module.root] = self._exact(module, self.limits.part_nodes)
            except TooManyNodes:
                hard = hard or module
                self.solved[module.root] = self._bounded(module)
            if hard:
                unsure.append(module.root)
        value = self.leaf(root)
        for number in unsure:
            del self.solved[number]
        return Part(root, mass, value, hard)

    def _bounded(self, module: Module) -> Bounds:
        lo, hi = by_gates(self.formulas, module, self.leaf)
        gate = self.formulas.nodes[module.root]
        assert isinstance(gate, Gate)
        if gate.is_or:
            try:
                low, high = self._by_pairs(module, gate)
            except TooManyNodes:
                return lo, hi
            lo, hi = max(lo, low), min(hi, high)
        return lo, hi

    def _by_pairs(self, module: Module, gate: Gate) -> Bounds:
        """Every child and every two that share events in one diagram: small ones, where all of them is too large."""
        made = drawn(self.formulas, module, self.limits.nodes, module.gates[:-1])
        nodes = [made.nodes[child] for child in gate.children]
        leaves = [self.leaf(leaf) for leaf in made.order]
        low = probabilities(made.diagram, [lo for lo, _ in leaves])
        high = probabilities(made.diagram, [hi for _, hi in leaves])
        support = supports(self.formulas, module)
        bits = [support[child] for child in gate.children]
        sharing = [(i, j) for i, j in combinations(range(len(nodes)), 2) if bits[i] & bits[j]]
        both = [(i, j, self._both(made.diagram, nodes[i], nodes[j])) for i, j in sharing]
        likely = probabilities(made.diagram, [hi for _, hi in leaves], high)
        rarer = ((i, j, min(high[nodes[i]], high[nodes[j]]) if b is None else likely[b]) for i, j, b in both)
        return by_pairs([(low[n], high[n]) for n in nodes], rarer)

    def _both(self, made: Diagram, one: int, other: int) -> int | None:
        """The node of both, or None above the limit: then the rarer of the two bounds them."""
        try:
            return made.choice(one, other, 0)
        except TooManyNodes:
            return None


@dataclass(frozen=True, slots=True)
class Part:
    """A state of some common causes: how likely (`mass`), what is left (`root`) and between what that lies.

    `hard` is the module that could not be solved, if any; `doubt` is what the part adds to the width of the answer.
    """

    root: int
    mass: Bounds
    value: Bounds
    hard: Module | None

    @property
    def doubt(self) -> float:
        """Zero for what is solved: the width of a leaf is not ours to narrow."""
        return self.mass[1] * (self.value[1] - self.value[0]) if self.hard else 0.0


def widest(formulas: Formulas, module: Module) -> int:
    """The leaf under most children of the module's root: the common cause whose state settles most."""
    support = supports(formulas, module)
    gate = formulas.nodes[module.root]
    assert isinstance(gate, Gate)
    count = [0] * len(module.leaves)
    for child in gate.children:
        bits = support[child]
        while bits:
            count[(bits & -bits).bit_length() - 1] += 1
            bits &= bits - 1
    return module.leaves[max(range(len(count)), key=lambda i: (count[i], -i))]


def alone(formulas: Formulas, root: int) -> int:
    """`root` with the events that alone bring it down taken out of all else in it, and its independent parts apart."""
    while True:
        children = formulas.disjuncts(root)
        single = {child for child in children if isinstance(formulas.nodes[child], Literal)}
        given = dict.fromkeys(single, FALSE)
        rest = [formulas.rebuilt(child, given) for child in children if child not in single]
        new = formulas.any_of([*single, *rest])
        if new == root:
            return parted(formulas, root)
        root = new
