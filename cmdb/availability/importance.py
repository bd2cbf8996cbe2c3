"""How much each event matters, all of them in one sweep down the modules and their diagrams.

With Q the probability of the top and Q(1), Q(0) the same with the event certain and impossible:
Birnbaum Q(1) − Q(0); criticality Birnbaum·q/Q; Fussell–Vesely the share of the minimal cut sets' probabilities in sets
with the event (Vesely et al., NUREG-0492); RAW Q(1)/Q, risk achievement worth; RRW Q/Q(0), risk reduction worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from operator import mul

from cmdb.availability.bdd import Drawn, drawn, probabilities
from cmdb.availability.cutsets import Cuts
from cmdb.availability.formula import TRUE, Gate, Literal
from cmdb.availability.modules import Module, modules
from cmdb.availability.solve import Solver, alone


@dataclass(frozen=True, slots=True)
class Importance:
    """The measures of one event. `fussell_vesely` is None in a tree with NOT; `rrw` is infinite for a single cause."""

    event: str
    q: float
    birnbaum: float
    criticality: float
    fussell_vesely: float | None
    raw: float
    rrw: float


def importance(solver: Solver, root: int) -> tuple[Importance, ...]:
    """Every event that matters for a formula solved exactly before, the most critical first.

    Raises TooManyNodes if it was not.
    """
    formulas = solver.formulas
    root = alone(formulas, root)
    top = solver.leaf(root)[0]
    if top <= 0 or root == TRUE:
        return ()
    parts = modules(formulas, root)
    slopes: dict[int, float] = defaultdict(float, {root: 1.0})
    for module in reversed(parts):
        for leaf, slope in _slopes(solver, module):
            slopes[leaf] += slopes[module.root] * slope
    events: dict[str, float] = defaultdict(float)
    for number, slope in slopes.items():
        node = formulas.nodes[number]
        if isinstance(node, Literal):
            events[node.event] += slope if node.positive else -slope
    shares = _shares(solver, root, parts) if formulas.coherent(root) else None
    found = (_measures(event, solver.q[event], slope, top, shares) for event, slope in events.items())
    return tuple(sorted(found, key=lambda one: (-abs(one.criticality), -abs(one.birnbaum), one.event)))


def _measures(event: str, q: float, slope: float, top: float, shares: Mapping[str, float] | None) -> Importance:
    without = top - q * slope
    # Below the last digits of `top` nothing is left: the event is in every cut set.
    rrw = top / without if without > 1e-15 * top else inf
    share = None if shares is None else shares.get(event, 0.0)
    return Importance(event, q, slope, slope * q / top, share, (top + (1 - q) * slope) / top, rrw)


def _slopes(solver: Solver, module: Module) -> list[tuple[int, float]]:
    """How the probability of a module changes with each leaf's."""
    gate = solver.formulas.nodes[module.root]
    assert isinstance(gate, Gate)
    if module.root not in solver.diagrams and len(module.gates) == 1 and (gate.is_or or gate.is_and):
        values = [solver.leaf(child)[0] for child in gate.children]
        factors = [1 - value for value in values] if gate.is_or else values
        return list(zip(gate.children, _but_one(factors), strict=True))
    made = _diagram(solver, module)
    return list(zip(made.order, _sweep(made, module.root, [solver.leaf(n)[0] for n in made.order]), strict=True))


def _diagram(solver: Solver, module: Module) -> Drawn:
    if module.root not in solver.diagrams:
        solver.diagrams[module.root] = drawn(solver.formulas, module, solver.limits.nodes, module.gates)
    return solver.diagrams[module.root]


def _but_one(factors: Sequence[float]) -> list[float]:
    """For each place the product of all others; no division, so zeros do no harm."""
    before = accumulate(factors[:-1], mul, initial=1.0)
    after = list(accumulate(reversed(factors[1:]), mul, initial=1.0))
    return [a * b for a, b in zip(before, reversed(after), strict=True)]


def _sweep(made: Drawn, root: int, q: Sequence[float]) -> list[float]:
    """The derivative by each level: how likely a path comes to a node, times the difference that the event makes."""
    lines = made.diagram
    values = probabilities(lines, q)
    arrive = [0.0] * len(values)
    arrive[made.nodes[root]] = 1.0
    slopes = [0.0] * len(q)
    for node in range(len(values) - 1, 1, -1):
        if arrive[node]:
            level, low, high = lines.level[node], lines.low[node], lines.high[node]
            arrive[high] += arrive[node] * q[level]
            arrive[low] += arrive[node] * (1 - q[level])
            slopes[level] += arrive[node] * (values[high] - values[low])
    return slopes


def _shares(solver: Solver, root: int, parts: Sequence[Module]) -> dict[str, float]:
    """Fussell–Vesely by event: q times the derivative of the sum over cut sets, over that sum."""
    formulas = solver.formulas
    sums: dict[int, float] = {}
    slopes: dict[int, list[tuple[int, float]]] = {}
    for module in parts:
        made = _diagram(solver, module)
        values = [sums[n] if n in sums else solver.leaf(n)[0] for n in made.order]
        sums[module.root], by_level = Cuts(made, module.root).weigh(values)
        slopes[module.root] = list(zip(made.order, by_level, strict=True))
    total: dict[int, float] = defaultdict(float, {root: 1.0})
    for module in reversed(parts):
        for leaf, slope in slopes[module.root]:
            total[leaf] += total[module.root] * slope
    top = sums.get(root, solver.leaf(root)[0])
    found = {}
    for number, slope in total.items():
        node = formulas.nodes[number]
        if isinstance(node, Literal):
            found[node.event] = slope * solver.q[node.event] / top
    return found
