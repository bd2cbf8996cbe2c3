"""The whole answer for a fault tree from a file: its top probability, minimal cut sets and importance."""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.availability.cutsets import CutSets, cut_sets
from cmdb.availability.importance import Importance, importance
from cmdb.availability.open_psa import FaultTree
from cmdb.availability.solve import USUAL, Likelihood, Limits, Solver


@dataclass(frozen=True, slots=True)
class Analysis:
    """Of the gate `top` over `events` basic events. `cuts` is None for a tree with NOT, which has none."""

    top: str
    events: int
    probability: Likelihood
    cuts: CutSets | None
    importance: tuple[Importance, ...]


def analyse(tree: FaultTree, limits: Limits = USUAL) -> Analysis:
    """Solve a tree. TooLarge for one with NOT that cannot be solved exactly."""
    solver = Solver(tree.formulas, tree.q, limits)
    probability = solver.likelihood(tree.root)
    return Analysis(
        tree.top,
        len(tree.formulas.events(tree.root)),
        probability,
        cut_sets(tree.formulas, tree.root, nodes=limits.nodes) if tree.formulas.coherent(tree.root) else None,
        importance(solver, tree.root) if probability.method == "exact" else (),
    )
