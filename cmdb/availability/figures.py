"""How likely a CI is down by itself, and where that figure comes from: q = MTTR / (MTBF + MTTR).

Measured if it was out at least three times; else as declared for it (its vendor's figure); else what is typical of its
class. What is next in that order is the prior of what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import exp, inf, isfinite, log
from statistics import fmean, variance

from cmdb.availability.priors import NEVER, PRIORS, Prior
from cmdb.errors import Invalid

ENOUGH = 3
"""Outages from which a CI's own history says more than its class."""

STRENGTH = 1.0
"""What a class prior weighs against measured outages: as much as one of them."""


class Provenance(Enum):
    """Where a figure comes from, the best first."""

    MEASURED = "measured"
    VENDOR = "vendor figure"
    CLASS = "class prior"
    NONE = "without a figure"


@dataclass(frozen=True, slots=True)
class Figure:
    """A CI's own unavailability: mean hours between failures (`mtbf`, up to infinite) and to repair (`mttr`)."""

    mtbf: float
    mttr: float
    provenance: Provenance
    basis: str

    def __post_init__(self) -> None:
        if not (self.mtbf > 0 and 0 <= self.mttr < inf):
            raise Invalid(f"needs mtbf > 0 and mttr ≥ 0 hours, not {self.mtbf} and {self.mttr}", where="figure")

    @property
    def q(self) -> float:
        """How likely it is down at any moment, once things have settled."""
        return self.mttr / (self.mtbf + self.mttr)


def figure(
    of: str,
    outages: Sequence[float] = (),
    watched: float = 0.0,
    vendor: tuple[float | None, float | None] = (None, None),
    priors: Mapping[str, Prior] = PRIORS,
    parents: Mapping[str, str | None] | None = None,
) -> Figure:
    """The figure of a CI of class `of`: from hours of outages in `watched` hours, vendor (mtbf, mttr), or its class.

    Of a vendor that says one of the two only, the other is the class's. Without anything it is taken never to fail by
    itself; the figure says so. `parents` are the classes' parents.
    """
    general = _prior(of, priors, parents or {})
    declared = _declared(of, vendor, general)
    prior = Prior(declared.mtbf, declared.mttr, declared.basis) if declared else general
    if len(outages) >= ENOUGH and sum(outages) < watched:
        return measured(outages, watched, prior)
    if declared is not None:
        return declared
    if general is None:
        return Figure(NEVER.mtbf, NEVER.mttr, Provenance.NONE, f"{of} {NEVER.basis}")
    return Figure(general.mtbf, general.mttr, Provenance.CLASS, f"{of}: {general.basis}")


def _declared(of: str, vendor: tuple[float | None, float | None], general: Prior | None) -> Figure | None:
    mtbf, mttr = vendor
    if mtbf is None and mttr is None:
        return None
    if mtbf is not None and mttr is not None:
        return Figure(mtbf, mttr, Provenance.VENDOR, "as declared for this CI")
    if general is None:
        return None
    basis = f"{'repair' if mtbf is None else 'failures'} as declared for this CI, the rest of {of}: {general.basis}"
    return Figure(mtbf or general.mtbf, general.mttr if mttr is None else mttr, Provenance.VENDOR, basis)


def measured(outages: Sequence[float], watched: float, prior: Prior | None = None) -> Figure:
    """From the hours of each outage within `watched` hours.

    The rate of failure is the mean of a gamma posterior over Poisson counts, with the class as prior (one outage
    strong); the time to repair is the mean of a log-normal, exp(μ + σ²/2), which a single long night does not bend as
    much as it bends the plain mean.
    """
    if len(outages) < ENOUGH:
        raise Invalid(f"{len(outages)} outages are too few to measure by: {ENOUGH} are needed", where="outages")
    if not all(isfinite(hours) and hours > 0 for hours in outages) or sum(outages) >= watched:
        raise Invalid("outages need a length above 0 and fit into the hours watched", where="outages")
    strength = STRENGTH if prior is not None and isfinite(prior.mtbf) else 0.0
    weight = strength * prior.mtbf if prior is not None and strength else 0.0
    rate = (strength + len(outages)) / (weight + watched - sum(outages))
    logs = [log(hours) for hours in outages]
    mttr = exp(fmean(logs) + variance(logs) / 2)
    return Figure(1 / rate, mttr, Provenance.MEASURED, f"{len(outages)} outages in {watched:,.0f} hours")


def _prior(of: str, priors: Mapping[str, Prior], parents: Mapping[str, str | None]) -> Prior | None:
    name: str | None = of
    while name is not None:
        if name in priors:
            return priors[name]
        name = parents.get(name)
    return None
