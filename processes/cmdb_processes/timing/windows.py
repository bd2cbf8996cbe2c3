"""Windows: spans of time, one or recurring, in which something may, will or must not happen. Pure.

A window's times are wall times of its zone, often that of the service. "Sunday 03:00 for two hours" stays at 03:00 when
clocks change and stays two hours long; one that would begin in the hour that is skipped begins with the jump.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cmdb.errors import Invalid
from cmdb_processes.timing.recurrence import Rule
from cmdb_processes.timing.recurrence import parse as parse_rule
from cmdb_processes.timing.spans import Span
from cmdb_processes.timing.zones import exact, first, local, zone

LONGEST = 31 * 86_400
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?)?")


class Kind(StrEnum):
    """What a window means."""

    CHANGE = "change"  # changes may happen only in such
    MAINTENANCE = "maintenance"  # work is expected; alarms are not incidents
    FREEZE = "freeze"  # no change may happen


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` (a wall time in `zone`) for `seconds`, again on each day the rule names, at that time of day.

    With a rule, the first is on the first day from `start` on that the rule names.
    """

    name: str
    kind: Kind
    zone: str
    start: datetime
    seconds: int
    rule: Rule | None = None
    why: str = ""

    def __post_init__(self) -> None:
        zone(self.zone)
        if self.start.tzinfo is not None:
            raise Invalid("its start is a wall time of its zone: write it without an offset", where=self.name)
        if self.seconds < 1:
            raise Invalid("ends before it starts", where=self.name)
        if self.seconds > LONGEST and self.rule is not None:
            raise Invalid("recurs, so it may last 31 days at most", where=self.name)
        if self.rule is None:
            exact(self.start, self.zone)  # one that is meant once is said exactly, or refused

    def within(self, horizon: Span) -> tuple[Span, ...]:
        """Its spans that meet a horizon (ten years at most), whole, in order; those of a long one may overlap."""
        if horizon.seconds > 3_660 * 86_400:
            raise Invalid("is longer than ten years", where="horizon")
        if self.rule is None:
            begin = exact(self.start, self.zone)
            starts = [begin]
        else:
            low = local(horizon.start - self.seconds, self.zone).date() - timedelta(days=1)
            high = local(horizon.end, self.zone).date()
            days = self.rule.between(self.start.date(), low, high)
            starts = [first(datetime.combine(day, self.start.time()), self.zone) for day in days]
        spans = (Span(start, start + self.seconds) for start in starts)
        return tuple(span for span in spans if span.meets(horizon))


def window(name: str, kind: str, where: str, start: str, end: str, rule: str = "", why: str = "") -> Window:
    """Read a window: `start` a local time, `end` a local time or a duration like PT2H; Invalid says what is wrong."""
    if kind not in list(Kind):
        raise Invalid(f"there is no window kind {kind!r}; known are {', '.join(Kind)}", where="kind")
    wall = _wall(start, "start")
    begins = 0 if rule else exact(wall, where, "start", offsets=False)
    if end.startswith("P"):
        seconds = duration(end, "end")
    else:
        until = _wall(end, "end")
        over = 0 if rule else exact(until, where, "end", offsets=False)
        seconds = int((until - wall).total_seconds()) if rule else over - begins
        if seconds < 1:
            raise Invalid(f"ends before it starts: {end} is not after {start}", where="end")
    return Window(name, Kind(kind), where, wall, seconds, parse_rule(rule) if rule else None, why)


def duration(written: str, what: str = "duration") -> int:
    """The seconds of PT2H, PT90M or P1DT12H; a day is 24 hours."""
    found = _DURATION.fullmatch(written)
    if found is None or not any(found.groups()):
        raise Invalid(f"{written!r} is no duration like PT2H, PT90M or P1DT12H", where=what)
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60


def within(windows: Iterable[Window], horizon: Span) -> tuple[tuple[Span, Window], ...]:
    """All their spans that meet a horizon, each with its window, in order of time and name."""
    found = [(span, one) for one in windows for span in one.within(horizon)]
    return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].name)))


def _wall(written: str, what: str) -> datetime:
    try:
        wall = datetime.fromisoformat(written)
    except ValueError as error:
        raise Invalid(f"{written!r} is no local time like 2026-12-01T22:00", where=what) from error
    if wall.tzinfo is not None:
        raise Invalid(f"{written!r} has an offset: write the local time of the window's zone", where=what)
    return wall.replace(microsecond=0)
