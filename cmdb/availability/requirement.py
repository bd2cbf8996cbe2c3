"""What a service is promised to be, held against what it is computed to be. Never met or missed by guess."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cmdb.availability.assess import MINUTES
from cmdb.availability.solve import Likelihood
from cmdb.errors import Invalid


class Standing(Enum):
    """How a requirement does."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "not decidable"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A share of time, in percent above 0 up to 100, that a CI must be available."""

    percent: float

    def __post_init__(self) -> None:
        if not 0 < self.percent <= 100:
            raise Invalid(f"is a share of time above 0 up to 100 %, not {self.percent:g}", where="availability")

    @property
    def minutes(self) -> float:
        """The minutes it may be down in a year."""
        return (100 - self.percent) / 100 * MINUTES

    def standing(self, down: Likelihood) -> Standing:
        """Met when even the worst within the bounds is, missed when even the best is not."""
        if down.hi * MINUTES <= self.minutes:
            return Standing.MET
        return Standing.MISSED if down.lo * MINUTES > self.minutes else Standing.UNDECIDED

    def sentence(self, down: Likelihood) -> str:
        """With the figures: "99.95 % required: 262.8 minutes in a year, met with 202.8 to spare"."""
        low, high = self.minutes - down.hi * MINUTES, self.minutes - down.lo * MINUTES
        told = {
            Standing.MET: f"met with {low:,.1f} to spare",
            Standing.MISSED: f"missed by {-high:,.1f}",
            Standing.UNDECIDED: f"not decidable: between {-low:,.1f} too many and {high:,.1f} to spare",
        }[self.standing(down)]
        return f"{self.percent:g} % required, {self.minutes:,.1f} minutes in a year: {told}"
