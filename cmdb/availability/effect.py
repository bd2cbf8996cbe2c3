"""What a change does to the availability of services: as things are, as they are proposed, and in its window.

All three are formulas of one arena, so what the change does not touch is the same formula and is solved once. A
difference of two intervals is an interval; where it has both signs, nobody knows whether the change helps, and that is
the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from math import isfinite

from cmdb.availability.assess import MINUTES
from cmdb.availability.common_cause import with_common_causes
from cmdb.availability.cutsets import listed
from cmdb.availability.figures import Figure
from cmdb.availability.formula import Formulas
from cmdb.availability.needs import Needs
from cmdb.availability.solve import USUAL, Likelihood, Limits, Solver
from cmdb.availability.spof import Singles
from cmdb.availability.structure import failure
from cmdb.errors import Invalid, UnknownName
from cmdb.impact.model import Model

Pair = tuple[str, ...]
"""A minimal cut set of two."""

NOISE = 1e-9
"""Share of the larger likelihood below which two exact ones are the same: what floating point leaves."""


class Direction(Enum):
    """Which way availability goes."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Window:
    """The time a change takes: `hours`, and with a chance of `failing` `backout` hours more. The CIs `down` in it."""

    hours: float
    failing: float = 0.0
    backout: float = 0.0
    down: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not (isfinite(self.hours) and self.hours >= 0 and isfinite(self.backout) and self.backout >= 0):
            raise Invalid(f"lasts 0 hours or more, not {self.hours:g} and {self.backout:g}", where="window")
        if not 0 <= self.failing <= 1:
            raise Invalid(f"fails with a chance of 0 to 1, not {self.failing:g}", where="window")

    @property
    def minutes(self) -> float:
        """How long it is expected to take: W + p·t."""
        return 60 * (self.hours + self.failing * self.backout)


@dataclass(frozen=True, slots=True)
class Effect:
    """On one CI. Likelihoods are of being down; `during` is the worse of both states with the window's CIs down.

    `lost` are the minutes a year it is down more, at least and at most (below 0: gained). `pairs` are cut sets of two.
    `window_loss` are the minutes expected to be lost in the window. `cut` says why sets of two may be missing.
    """

    of: str
    before: Likelihood
    after: Likelihood
    during: Likelihood
    lost: tuple[float, float]
    direction: Direction
    window_loss: tuple[float, float]
    singles_added: tuple[str, ...]
    singles_removed: tuple[str, ...]
    pairs_added: tuple[Pair, ...]
    pairs_removed: tuple[Pair, ...]
    cut: str | None = None


def effect(
    before: Model,
    after: Model,
    of: Collection[str],
    figures: tuple[Mapping[str, Figure], Mapping[str, Figure]],
    window: Window = Window(0.0),
    beta: float = 0.0,
    limits: Limits = USUAL,
) -> tuple[Effect, ...]:
    """The effect on each of `of`, in their order, by the figures before and after. UnknownName for a missing figure."""
    arena = Formulas()
    solvers: list[Solver] = []  # one for both states, unless they know an event differently
    now = _Scene(before, figures[0], beta, limits, arena, solvers)
    then = _Scene(after, figures[1], beta, limits, arena, solvers)
    return tuple(_of(now, then, ci, window) for ci in of)


class _Scene:
    """One state: its model and the solver of its formulas. What was found for some CIs down serves all services."""

    def __init__(
        self, model: Model, figures: Mapping[str, Figure], beta: float, limits: Limits, arena: Formulas,
        solvers: list[Solver],
    ) -> None:  # fmt: skip
        q = {ci: figure.q for ci, figure in figures.items()}
        cis = model.cis
        if missing := sorted(cis - q.keys()):
            raise UnknownName(f"{missing[0]!r} has no figure for how often it fails")
        self.needs = Needs(model)
        if beta:
            model, q = with_common_causes(model, q, beta, self.needs)
        shared = next((one for one in solvers if _agree(one.q, q)), None)
        if shared is None:
            shared = Solver(arena if not solvers else Formulas(), q, limits)
            solvers.append(shared)
        else:
            shared.q = {**shared.q, **q}
        self.solver, self._model, self._arena = shared, model, shared.formulas
        self._needs = {frozenset[str](): Needs(model) if beta else self.needs}
        self.singles = Singles(self.needs)

    def down(self, ci: str, failed: frozenset[str] = frozenset()) -> tuple[int, Likelihood]:
        """The formula of a CI being down, and how likely it is."""
        if failed not in self._needs:
            self._needs[failed] = Needs(self._model, failed)
        root = failure(self._arena, self._needs[failed], ci)
        return root, self.solver.likelihood(root)


def _agree(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(one.get(event, q) == q for event, q in other.items())


def _of(now: _Scene, then: _Scene, ci: str, window: Window) -> Effect:
    (root, before), (new, after) = now.down(ci), then.down(ci)
    same = now.solver is then.solver and root == new
    lost = (0.0, 0.0) if same else _difference(before, after)
    during = _worse(now.down(ci, window.down)[1], then.down(ci, window.down)[1])
    had, have = now.singles.of(ci) - {ci}, then.singles.of(ci) - {ci}
    pairs, whole = (frozenset[Pair](), True) if same else _pairs(now, root)
    others, all_others = (pairs, whole) if same else _pairs(then, new)
    return Effect(
        ci, before, after, during, lost, _direction(lost),
        (window.minutes * during.lo, window.minutes * during.hi),
        tuple(sorted(have - had)), tuple(sorted(had - have)),
        tuple(sorted(others - pairs)), tuple(sorted(pairs - others)),
        None if whole and all_others else "too many cut sets of two: not all are compared",
    )  # fmt: skip


def _pairs(scene: _Scene, root: int) -> tuple[frozenset[Pair], bool]:
    found, whole = listed(scene.solver.formulas, root, 2)
    return frozenset(cut for cut in found if len(cut) == 2), whole == 2


def _difference(before: Likelihood, after: Likelihood) -> tuple[float, float]:
    least, most = after.lo - before.hi, after.hi - before.lo
    if max(abs(least), abs(most)) <= NOISE * max(before.hi, after.hi):
        return 0.0, 0.0
    return least * MINUTES, most * MINUTES


def _direction(lost: tuple[float, float]) -> Direction:
    least, most = lost
    if least == most == 0:
        return Direction.SAME
    if least >= 0:
        return Direction.WORSE
    return Direction.BETTER if most <= 0 else Direction.UNKNOWN


def _worse(one: Likelihood, other: Likelihood) -> Likelihood:
    """The larger of two, whichever that is: bounds of the maximum."""
    larger = one if one.hi >= other.hi else other
    return Likelihood(max(one.lo, other.lo), max(one.hi, other.hi), larger.method)
