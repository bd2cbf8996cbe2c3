"""The risk of a change: the worst of its named terms, each with its figure and a sentence. No term outweighs another.

Every term is a figure that rises with the risk, and its bands are data: a figure at or above the n-th bound is at
level n. So raising any figure never lowers the risk, and whoever disagrees changes a bound, not code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cmdb.errors import DeclarationError, Invalid
from cmdb_processes.change.conflicts import Conflict
from cmdb_processes.change.nouns import Budgeted, Impact, Severity


class Level(IntEnum):
    """How risky; the order is the order of risk."""

    LOW = 0
    MODERATE = 1
    HIGH = 2
    VERY_HIGH = 3

    @property
    def word(self) -> str:
        """As people say it."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Band:
    """Where a term's levels begin: the figures from which it is moderate, high and very high. None: it never is."""

    term: str
    unit: str
    moderate: float | None = None
    high: float | None = None
    very_high: float | None = None
    unknown: Level = Level.MODERATE

    def __post_init__(self) -> None:
        bounds = [b for b in (self.moderate, self.high, self.very_high) if b is not None]
        if not bounds or any(b <= 0 for b in bounds) or sorted(bounds) != bounds:
            raise DeclarationError(f"the bounds of {self.term} must be above 0 and rise")

    def level(self, figure: float | None) -> Level:
        """The level of a figure; None: it is not known."""
        if figure is None:
            return self.unknown
        if not figure >= 0:  # also what is no number
            raise Invalid(f"is {figure}: a figure of risk is 0 or more", where=self.term)
        bounds = ((self.very_high, Level.VERY_HIGH), (self.high, Level.HIGH), (self.moderate, Level.MODERATE))
        return next((level for bound, level in bounds if bound is not None and figure >= bound), Level.LOW)


BANDS: Mapping[str, Band] = {
    band.term: band
    for band in (
        Band("blast radius", "points", 1, 10, 40),
        Band("redundancy spent", "CIs", 1, 5),
        Band("availability", "min per year", 1, 60, 525.6),  # 525.6 min is a thousandth of a year
        Band("budget", "% of the allowed", 50, 80, 100),  # of the downtime that a service may have in the year
        Band("track record", "% failed", 5, 20, 50),
        Band("way back", "steps missing", 1, 2),
        Band("window", "min outside", 1, 240),
        Band("novelty", "% new", 30),  # no history is no danger by itself: what else is known decides
        Band("conflicts", "conflicts", 1, 1),
        Band("evidence", "days old", 3, 14),
        Band("doubts", "doubts", 1, 5),
    )
}
"""The bands as shipped."""

CRITICALITY: Mapping[str, float] = {"critical": 40, "high": 10, "medium": 3, "low": 1, "": 0.2}
"""The points of a CI that goes down, by how much hangs on it; a CI that is no service has few of its own."""
SHARE: Mapping[Severity, float] = {
    Severity.DOWN: 1.0,
    Severity.DEGRADED: 0.4,
    Severity.AT_RISK: 0.1,
    Severity.NONE: 0.0,
}
"""The share of these points by how hard it is hit."""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of earlier changes of the same model or team. `failed`: failed, backed out or unauthorised parts."""

    of: str
    done: int
    failed: int

    def __post_init__(self) -> None:
        if not 0 <= self.failed <= self.done:
            raise Invalid(f"{self.failed} of {self.done} changes of {self.of} failed", where="record")

    @property
    def failed_percent(self) -> float | None:
        """The mean of the rate when one in ten fails as a rule, (failed + ½) / (done + 5), in %; None without any.

        So one success is no perfect record, each further one lowers it, and what never failed is never a high risk:
        it is known to be no worse than what was not done before.
        """
        return 100 * (self.failed + 0.5) / (self.done + 5) if self.done else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a risk is taken from.

    `minutes_lost`: the least and the most of the minutes per year that availability falls (None: not known; below 0 it
    rises); `outside`: minutes outside the maintenance windows; `done_before`: how often on this class of CI;
    `budgets`: of the services that go down in the window and promise something; `not_computed`: what else there was.
    """

    impact: Impact
    conflicts: Sequence[Conflict]
    minutes_lost: tuple[float, float] | None
    records: Sequence[Record]
    backout: bool
    backout_tested: bool
    outside: float
    done_before: int
    budgets: Sequence[Budgeted] = ()
    not_computed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One reason for a level: the figure in its unit (None: not known) and what it means."""

    name: str
    figure: float | None
    unit: str
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Risk:
    """All terms, the worst first; the level is that of the worst."""

    terms: tuple[Term, ...]

    @property
    def level(self) -> Level:
        """The worst."""
        return max(term.level for term in self.terms)

    @property
    def sentence(self) -> str:
        """ "Risk is high: blast radius (…)"."""
        worst = [t for t in self.terms if t.level is self.level]
        return f"risk is {self.level.word}: {'; '.join(f'{t.name}: {t.sentence}' for t in worst)}"


def risk(facts: Facts, bands: Mapping[str, Band] = BANDS) -> Risk:
    """The risk of a change."""
    terms = [
        Term(name, figure, bands[name].unit, bands[name].level(figure), sentence)
        for name, figure, sentence in (
            _blast(facts.impact),
            _redundancy(facts.impact),
            _availability(facts.minutes_lost),
            _budget(facts.budgets, bands["budget"]),
            _track(facts.records),
            _way_back(facts),
            ("window", facts.outside, f"{facts.outside:.0f} min outside the maintenance windows"),
            _novelty(facts.done_before),
            _conflicts(facts.conflicts),
            _evidence(facts.impact),
            _doubts(facts.impact, facts.not_computed),
        )
    ]
    return Risk(tuple(sorted(terms, key=lambda t: -t.level)))


def _blast(impact: Impact) -> tuple[str, float, str]:
    points, worst = 0.0, ""
    severity = impact.severity
    cis = {hit.ci.id: hit.ci for hit in impact.hits} | {ci.id: ci for ci in impact.of}
    for ci in sorted(cis.values()):
        weight = CRITICALITY.get(ci.criticality, CRITICALITY["medium"])
        points += weight * SHARE[severity[ci.id]]
    services = [ci for ci in cis.values() if ci.criticality and severity[ci.id] >= Severity.DEGRADED]
    if services:
        top = max(services, key=lambda ci: (CRITICALITY.get(ci.criticality, 0), severity[ci.id], ci.name))
        worst = f", {top.name} ({top.criticality}) among them"
    hit = sum(1 for one in impact.hits if one.severity >= Severity.DEGRADED)
    return "blast radius", round(points, 3), f"{hit} CI{'' if hit == 1 else 's'} down or degraded{worst}"


def _redundancy(impact: Impact) -> tuple[str, float, str]:
    spent = sorted({hit.ci for hit in impact.hits if hit.severity is Severity.AT_RISK})
    names = ", ".join(ci.name for ci in spent[:3])
    return "redundancy spent", len(spent), f"nothing to spare for {names}" if spent else "none"


def _availability(minutes: tuple[float, float] | None) -> tuple[str, float | None, str]:
    if minutes is None:
        return "availability", None, "not known what it costs or gains"
    least, most = minutes
    if least < 0 < most:
        return (
            "availability",
            most,
            f"between {-least:.1f} min gained and {most:.1f} min lost a year: the sign is unknown",
        )
    if most <= 0:
        return "availability", 0.0, f"gains {-most:.1f} min a year" if most else "stays as it is"
    return "availability", most, f"loses up to {most:.1f} min a year"


def _budget(budgets: Sequence[Budgeted], band: Band) -> tuple[str, float | None, str]:
    """If the worst happens: the services are down for the whole window. Of the unknown what is certain still counts."""
    if not budgets:
        return "budget", 0.0, "no service that promises anything goes down"

    def figure(one: Budgeted) -> float | None:
        return one.share if one.known or band.level(one.share) > Level.LOW else None

    worst = max(budgets, key=lambda one: (band.level(figure(one)), one.share))
    found = figure(worst)
    return "budget", None if found is None else round(found, 3), worst.sentence.removeprefix("budget of ")


def _track(records: Sequence[Record]) -> tuple[str, float | None, str]:
    known = [(percent, r) for r in records if (percent := r.failed_percent) is not None]
    if not known:
        return "track record", None, "nothing like it was done before"
    percent, worst = max(known, key=lambda pair: pair[0])
    return "track record", round(percent, 3), f"{worst.failed} of {worst.done} changes of {worst.of} failed"


def _way_back(facts: Facts) -> tuple[str, float, str]:
    if not facts.backout:
        return "way back", 2, "there is none"
    return ("way back", 0, "tried out") if facts.backout_tested else ("way back", 1, "never tried out")


def _novelty(done_before: int) -> tuple[str, float, str]:
    return "novelty", 100 / (1 + done_before), _times(done_before)


def _times(done: int) -> str:
    often = {1: "once", 2: "twice"}.get(done, f"{done} times")
    return f"done {often} before" if done else "never done before"


def _conflicts(found: Sequence[Conflict]) -> tuple[str, float, str]:
    blocking = [c for c in found if c.blocks]
    return "conflicts", len(blocking), blocking[0].sentence if blocking else "none that blocks"


def _evidence(impact: Impact) -> tuple[str, float | None, str]:
    ages = [hit.age_days for hit in impact.hits if hit.age_days is not None]
    if not impact.hits:
        return "evidence", 0.0, "nothing is reached"
    if not ages:
        return "evidence", None, "not known when the dependencies were last seen"
    return "evidence", max(ages), f"rests on a dependency unseen for {max(ages):.1f} days"


def _doubts(impact: Impact, not_computed: Sequence[str]) -> tuple[str, float, str]:
    doubts = [*([impact.truncated] if impact.truncated else []), *impact.problems, *not_computed]
    return "doubts", len(doubts), doubts[0] if doubts else "none"
