"""Calendars: when somebody works, by weekly hours, holidays and exceptions in a time zone. Pure, in whole seconds.

Opening hours are wall times: "08:00 to 17:00" holds on the days on which clocks change too, and the day is then as
much longer or shorter as it really is. A wall time means the first moment at which the clock shows it or later
(`zones.first`), so hours that touch stay touching and nothing is counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from cmdb.errors import Invalid
from cmdb_processes.timing.holidays import DAYS, Holiday
from cmdb_processes.timing.spans import Span, union
from cmdb_processes.timing.zones import first, local, zone

DAY = 86_400
HORIZON = 3_660
"""Days within which a calendar must open, and a deadline lie: ten years."""
LONGEST = 36_600 * DAY
"""What may be looked at in one piece: a hundred years."""
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """From `start` until before `end`, in seconds of the wall clock since midnight; 86,400 is the day's end."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY:
            raise Invalid(
                "opening hours end after they start, within one day: split those over midnight", where="hours"
            )

    @classmethod
    def parse(cls, written: str) -> Hours:
        """From "08:00-17:30"; "24:00" is the day's end."""
        found = _HOURS.fullmatch(written.strip())
        if found is None or int(found[2]) > 59 or int(found[4]) > 59:
            raise Invalid(f"{written!r} is no interval like 08:00-17:30", where="hours")
        start, end = (int(found[n]) * 3600 + int(found[n + 1]) * 60 for n in (1, 3))
        return cls(start, end)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A day with other hours than its weekday's, or none; it wins over a holiday too."""

    day: date
    hours: tuple[Hours, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """When somebody works: `weekly` has the hours of Monday to Sunday.

    Holidays are days written down, not a country's name: what was promised must not move when a library does.
    """

    name: str
    zone: str
    weekly: tuple[tuple[Hours, ...], ...]
    holidays: tuple[Holiday, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    _off: dict[date, tuple[Hours, ...]] = field(init=False, repr=False, compare=False)
    _seen: dict[date, tuple[Span, ...]] = field(init=False, repr=False, compare=False)  # days computed before

    def __post_init__(self) -> None:
        zone(self.zone)
        if len(self.weekly) != 7:
            raise Invalid("a week has seven days, Monday to Sunday", where=self.name)
        off: dict[date, tuple[Hours, ...]] = {one.day: () for one in self.holidays}
        off |= {one.day: one.hours for one in self.exceptions}
        for hours in (*self.weekly, *off.values()):
            if any(later.start < earlier.end for earlier, later in pairwise(hours)):
                raise Invalid("opening hours of a day overlap or are out of order", where=self.name)
        if not any(self.weekly) and not any(off.values()):
            raise Invalid("is never open: give it opening hours", where=self.name)
        object.__setattr__(self, "_off", off)
        object.__setattr__(self, "_seen", {})

    def on(self, day: date) -> tuple[Hours, ...]:
        """The hours of a day; none when it is off."""
        return self._off[day] if day in self._off else self.weekly[day.weekday()]

    def spans(self, day: date) -> tuple[Span, ...]:
        """The same as moments, touching ones joined."""
        found = self._seen.get(day)
        if found is None:
            edges = [[first(_wall(day, second), self.zone) for second in (h.start, h.end)] for h in self.on(day)]
            # Hours in a clock's gap do not happen.
            found = union(Span(start, end) for start, end in edges if start < end)
            if len(self._seen) > LONGEST // DAY:
                self._seen.clear()
            self._seen[day] = found
        return found

    def open_from(self, at: int) -> Iterator[Span]:
        """The open spans from a moment on, for as long as the horizon."""
        begin = self._eve(at)
        for n in range(min(HORIZON, (date.max - begin).days)):
            for span in self.spans(begin + timedelta(days=n)):
                if span.end > at:
                    yield Span(max(span.start, at), span.end)

    def open_within(self, span: Span) -> tuple[Span, ...]:
        """The open spans inside another, in order; those of two days may touch. Invalid beyond a hundred years."""
        if span.seconds > LONGEST:
            raise Invalid("is longer than a hundred years", where="span")
        begin = self._eve(span.start)
        # One more day at the end too: a clock may run back over midnight.
        days = range(min((local(span.end, self.zone).date() - begin).days + 2, (date.max - begin).days))
        open_ = (one for n in days for one in self.spans(begin + timedelta(days=n)) if one.meets(span))
        return tuple(Span(max(one.start, span.start), min(one.end, span.end)) for one in open_)

    def _eve(self, at: int) -> date:
        """The day before that of a moment, since an hour shown twice may reach over midnight."""
        day = local(at, self.zone).date()
        return day if day == date.min else day - timedelta(days=1)

    def elapsed(self, start: int, end: int) -> int:
        """The business seconds from one moment to a later one."""
        if end < start:
            raise Invalid("ends before it starts", where="span")
        return sum(one.seconds for one in self.open_within(Span(start, end))) if start < end else 0

    def deadline(self, start: int, seconds: int) -> int:
        """The first moment at which that many business seconds have passed; `start` itself for none."""
        if seconds < 0:
            raise Invalid("a deadline lies ahead: give it zero seconds or more", where="seconds")
        if seconds == 0:
            return start
        left = seconds
        for span in self.open_from(start):
            if span.seconds >= left:
                return span.start + left
            left -= span.seconds
        raise Invalid(f"has no {seconds} open seconds within ten years", where=self.name)

    def after_working_days(self, start: int, days: int) -> int:
        """D+n: the closing moment of the nth working day after the day (in the calendar's zone) of `start`."""
        if days < 1:
            raise Invalid("count one working day or more", where="days")
        begin, left = local(start, self.zone).date(), days
        for n in range(1, min(HORIZON, (date.max - begin).days)):
            if spans := self.spans(begin + timedelta(days=n)):
                left -= 1
                if left == 0:
                    return spans[-1].end
        raise Invalid(f"has no {days} working days within ten years", where=self.name)


def _wall(day: date, second: int) -> datetime:
    try:
        return datetime.combine(day, time()) + timedelta(seconds=second)
    except OverflowError as error:
        raise Invalid(f"{day} reaches beyond the calendar", where="time") from error


def weekly(**days: str) -> tuple[tuple[Hours, ...], ...]:
    """A week from weekly(mon="08:00-12:00 13:00-17:00", sat="09:00-12:00"); days not named are off."""
    if unknown := set(days) - set(DAYS):
        raise Invalid(f"{sorted(unknown)[0]!r} is no day; write {', '.join(DAYS)}", where="weekly")
    return tuple(tuple(Hours.parse(one) for one in days.get(day, "").split()) for day in DAYS)


def workdays(hours: str) -> tuple[tuple[Hours, ...], ...]:
    """The same hours from Monday to Friday."""
    return weekly(**dict.fromkeys(DAYS[:5], hours))


ALWAYS = Calendar("24x7", "UTC", weekly(**dict.fromkeys(DAYS, "00:00-24:00")))
