"""What certainly holds of a formula too large to solve: bounds for failures that are *associated*.

Failures of a tree without NOT over independent events never exclude each other (Esary, Proschan and Walkup, 1967), so
P(A ∧ B) ≥ P(A)·P(B) and P(A ∨ B) ≤ 1 − (1 − P(A))·(1 − P(B)). From below an OR is bounded by its pairs
(Dawson and Sankoff, "An inequality for probabilities", 1967).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import expm1, log1p, prod

from cmdb.availability.formula import Formulas, Gate
from cmdb.availability.modules import Module

Bounds = tuple[float, float]
"""At least, at most."""


def either(values: Iterable[float]) -> float:
    """1 − Π(1 − p): at least one of independent events, with full precision for small ones."""
    found = list(values)
    return 1.0 if max(found) >= 1 else -expm1(sum(log1p(-p) for p in found))


def by_gates(formulas: Formulas, module: Module, leaf: Callable[[int], Bounds]) -> Bounds:
    """Gate by gate from what is known of the leaves; wide, and linear in the module."""
    known = {one: leaf(one) for one in module.leaves}
    for number in module.gates:
        gate = formulas.nodes[number]
        assert isinstance(gate, Gate)
        known[number] = _gate(gate, [known[child] for child in gate.children])
    return known[module.root]


def _gate(gate: Gate, children: Sequence[Bounds]) -> Bounds:
    if gate.is_or:
        return max(lo for lo, _ in children), either(hi for _, hi in children)
    if gate.is_and:
        return prod(lo for lo, _ in children), min(hi for _, hi in children)
    # From below the likeliest children that reach k, all down; from above Markov: the mean weight down over k.
    least, weight = 1.0, 0
    for (lo, _), heavy in sorted(zip(children, gate.weights, strict=True), reverse=True):
        if weight < gate.k:
            least, weight = least * lo, weight + heavy
    mean = sum(hi * heavy for (_, hi), heavy in zip(children, gate.weights, strict=True))
    return least, min(1.0, mean / gate.k)


def by_pairs(values: Sequence[Bounds], pairs: Iterable[tuple[int, int, float]]) -> Bounds:
    """An OR from its children, each solved alone, and the ones that share events by twos (places, at most how likely).

    Every other two are independent.
    """
    s1, squares = sum(lo for lo, _ in values), sum(hi * hi for _, hi in values)
    s2 = (sum(hi for _, hi in values) ** 2 - squares) / 2
    s2 += sum(together - values[i][1] * values[j][1] for i, j, together in pairs)
    return max(dawson_sankoff(s1, s2), *(lo for lo, _ in values)), either(hi for _, hi in values)


def dawson_sankoff(s1: float, s2: float) -> float:
    """A lower bound of an OR: `s1` is the sum of its events, `s2` that of every two of them together.

    2·s1/(k + 1) − 2·s2/(k·(k + 1)) holds for every whole k ≥ 1; this k is the best. It still holds with less than s1
    and more than s2.
    """
    if s1 <= 0:
        return 0.0
    k = 1 + int(2 * max(s2, 0.0) / s1)
    return 2 * s1 / (k + 1) - 2 * max(s2, 0.0) / (k * (k + 1))
