"""What is left of the downtime a service is allowed in a calendar year (UTC), and what more of it would use.

Moments are texts as `cmdb.moments` makes them: ISO 8601 in UTC, so they compare as texts do. What was never measured
is unknown and is never taken for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cmdb import moments
from cmdb.availability.requirement import Requirement
from cmdb.errors import Invalid

MOST_SHARE = 1000.0
"""Percent of a budget from which on nobody counts; also any downtime of what must never be down."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until before `end`."""

    start: str
    end: str

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise Invalid("ends before it starts", where="span")

    @property
    def minutes(self) -> float:
        """How long it is."""
        return moments.hours(self.start, self.end) * 60

    def part(self, begin: str, end: str) -> Span:
        """What of it lies between two moments; empty where nothing does."""
        start = max(self.start, begin)
        return Span(start, max(min(self.end, end), start))

    def shared(self, other: Span) -> float:
        """The minutes that lie in both."""
        return self.part(other.start, other.end).minutes


def year(number: int) -> Span:
    """A calendar year in UTC; a leap year is a day longer, and so is what is allowed in it."""
    return Span(f"{number:04}-01-01T00:00:00.000Z", f"{number + 1:04}-01-01T00:00:00.000Z")


@dataclass(frozen=True, slots=True)
class Budget:
    """The downtime that a requirement allows in a period, in minutes.

    `used` is None where nothing was ever measured, and more than it is where `short`; `lasts` is how long the window
    is that is asked about, and `adds` the minutes of it that the service would newly be down in this period. Both
    None: no window is asked about.
    """

    required: Requirement
    period: Span
    used: float | None
    lasts: float | None = None
    adds: float | None = None
    short: bool = False

    @property
    def allowed(self) -> float:
        """In the whole period."""
        return (100 - self.required.percent) / 100 * self.period.minutes

    @property
    def left(self) -> float | None:
        """What is allowed still, before the window; below 0 it is overdrawn, None is unknown."""
        return None if self.used is None else self.allowed - self.used

    @property
    def share(self) -> float:
        """The percent of the allowed that is used up behind the window, at least: what is unknown counts as none."""
        spent = (self.used or 0.0) + (self.adds or 0.0)
        if not spent:
            return 0.0
        return min(100 * spent / self.allowed, MOST_SHARE) if self.allowed else MOST_SHARE

    def sentence(self, name: str) -> str:
        """With the figures: "budget of Payments: 262.8 min a year, 180.0 used, 82.8 left"."""
        least = "at least " if self.short else ""
        known = "nothing known of what is used" if self.left is None else f"{self.used:,.1f} used, {_rest(self.left)}"
        used = known if self.left is None else least + known
        return f"budget of {name}: {self.allowed:,.1f} min a year, {used}{self._of_window()}"

    def _of_window(self) -> str:
        if self.lasts is None or self.adds is None:
            return ""
        if not self.adds:
            return "; the window uses none of it"
        lasts, adds = (f"{one:,.1f}".removesuffix(".0") for one in (self.lasts, self.adds))
        how = f"the whole window of {lasts} min" if lasts == adds else f"{adds} more of the window's {lasts} min"
        if self.left is not None:
            return f"; down for {how}: {_rest(self.left - self.adds)}"
        rest = self.allowed - self.adds
        return f"; down for {how}: at {'most' if rest >= 0 else 'least'} {_rest(rest)}"


def budget(
    required: Requirement, outages: Sequence[Span] | None, now: str, window: Span | None = None, *,
    down: bool = True, short: bool = False,
) -> Budget:  # fmt: skip
    """The budget of the year of `now`, or of the years a window lies in the one it uses up most.

    `outages` do not overlap, and are None where nothing was ever measured; what lies behind `now` does not count, and
    `short` says that they are not all. In the window the service is down all the time, or, without `down`, never. What
    it was down of the window already is counted once.
    """
    if window is None:
        found = [_of(required, year(int(now[:4])), outages, now)]
    else:
        found = [_of(required, one, outages, now, window, down=down) for one in _years(window)]
    return replace(max(found, key=lambda one: (one.share, one.adds or 0.0)), short=short)


def _of(
    required: Requirement, period: Span, outages: Sequence[Span] | None, now: str, window: Span | None = None, *,
    down: bool = True,
) -> Budget:  # fmt: skip
    past = period.part(period.start, now)
    known = () if outages is None else outages
    # Of a year that is still to come everything is known: nothing of it is used.
    used = None if outages is None and past.minutes else sum(past.shared(one) for one in known)
    if window is None:
        return Budget(required, period, used)
    inside = window.part(period.start, period.end)
    gone = inside.part(inside.start, now)
    adds = inside.minutes - sum(gone.shared(one) for one in known) if down else 0.0
    return Budget(required, period, used, window.minutes, adds)


def _years(window: Span) -> Iterator[Span]:
    first = int(window.start[:4])
    yield year(first)
    for one in map(year, range(first + 1, int(window.end[:4]) + 1)):
        if one.start < window.end:
            yield one


def _rest(minutes: float) -> str:
    return f"{minutes:,.1f} left" if minutes >= 0 else f"{-minutes:,.1f} too many"
