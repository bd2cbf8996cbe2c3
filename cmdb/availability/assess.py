"""The availability of a CI: between two bounds, with how they were found and what was taken for granted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from cmdb.availability.common_cause import with_common_causes
from cmdb.availability.cutsets import CutSets, cut_sets
from cmdb.availability.figures import Figure, Provenance
from cmdb.availability.formula import TRUE, Formulas
from cmdb.availability.importance import Importance, importance
from cmdb.availability.needs import Needs
from cmdb.availability.solve import USUAL, Likelihood, Limits, Solver
from cmdb.availability.structure import failure
from cmdb.errors import UnknownName
from cmdb.impact.model import Model

MINUTES = 525_600.0
"""Minutes of a year of 365 days."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Of one CI: how likely it is down lies between `down.lo` and `down.hi`; `down.method` says how that was found.

    `importance` is there when it is exact. `cuts` are its minimal cut sets. `figures` are those it rests on by CI, the
    best known first: measured, declared, typical of the class.
    """

    of: str
    down: Likelihood
    assumptions: tuple[str, ...]
    importance: tuple[Importance, ...]
    cuts: CutSets
    figures: tuple[tuple[str, Figure], ...] = ()

    @property
    def lo(self) -> float:
        """The availability is at least this."""
        return 1 - self.down.hi

    @property
    def hi(self) -> float:
        """The availability is at most this."""
        return 1 - self.down.lo

    @property
    def minutes(self) -> tuple[float, float]:
        """Minutes down in a year, at least and at most."""
        return self.down.lo * MINUTES, self.down.hi * MINUTES


def availability(
    model: Model,
    of: str,
    figures: Mapping[str, Figure],
    failed: Collection[str] = (),
    beta: float = 0.0,
    limits: Limits = USUAL,
) -> Availability:
    """How likely `of` is down, with `failed` down for certain. UnknownName for a CI it needs without a figure."""
    formulas, needs = Formulas(), Needs(model, failed)
    q = {ci: figure.q for ci, figure in figures.items()}
    root = failure(formulas, needs, of)
    used = formulas.events(root)
    if missing := sorted(used - q.keys()):
        raise UnknownName(f"{missing[0]!r} has no figure for how often it fails")
    if beta:
        wide, q = with_common_causes(model, {ci: q.get(ci, 0.0) for ci in {*q, *model.cis}}, beta, needs)
        formulas = Formulas()
        root = failure(formulas, Needs(wide, failed), of)
    solver = Solver(formulas, q, limits)
    down = solver.likelihood(root)
    known = sorted(((ci, figures[ci]) for ci in used), key=lambda one: (ORDER[one[1].provenance], one[0]))
    return Availability(
        of,
        down,
        ("it is down already",) if root == TRUE else assumptions(down.method, beta, [figure for _, figure in known]),
        importance(solver, root) if down.method == "exact" else (),
        cut_sets(formulas, root, nodes=limits.nodes),
        tuple(known),
    )


ORDER = {provenance: place for place, provenance in enumerate(Provenance)}


def assumptions(method: str, beta: float, figures: Collection[Figure]) -> tuple[str, ...]:
    """What an answer takes for granted that was found by a method, from these figures."""
    found = [
        "CIs fail independently, but for the common causes in the graph",
        "steady state: failures and repairs as often as on average",
        "unlimited repair crews: no repair waits for another",
    ]
    found.append(
        f"a share of {beta:g} of the failures in a redundancy group takes all its members" if beta
        else "β = 0: nothing unknown takes a whole redundancy group at once, which is optimistic"
    )  # fmt: skip
    found += _rests_on(Counter(figure.provenance for figure in figures))
    if method != "exact":
        found.append("too entangled to solve exactly: the truth lies between the two bounds")
    return tuple(found)


def _rests_on(sources: Mapping[Provenance, int]) -> Iterator[str]:
    """Where figures come from, and what that takes for granted; never silent where nothing is known of a CI."""
    count = ", ".join(f"{sources[one]} {one.value}" for one in Provenance if sources[one])
    yield f"figures of {sum(sources.values())} CIs: {count}"
    if sources[Provenance.CLASS] and not sources[Provenance.MEASURED] and not sources[Provenance.VENDOR]:
        yield "nothing of it was measured or declared: every figure is what is typical of a class"
    if unknown := sources[Provenance.NONE]:
        who = "1 CI without a figure fails" if unknown == 1 else f"{unknown} CIs without a figure fail"
        yield f"{who} only through what is needed"
