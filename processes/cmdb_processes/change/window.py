"""A change window: "start/end" or "start/duration" in ISO 8601, with a time zone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmdb.errors import Invalid
from cmdb_processes.timing import zones

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` until before `end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Invalid("ends before it starts", where="window")

    def overlaps(self, other: Window) -> bool:
        """Whether there is a moment in both; one that ends when the other starts leaves it alone."""
        return self.start < other.end and other.start < self.end

    @property
    def minutes(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds() / 60


def parse(text: str, now: str, zone: str = "") -> Window:
    """Read a window; one that is over at `now` (ISO 8601) is refused.

    With `zone`, say the service's, times without an offset are wall times of it: those that do not exist or happen
    twice, as clocks change, are refused with what to write instead.
    """
    start_text, slash, end_text = text.strip().partition("/")
    if not slash:
        raise Invalid("write start/end or start/duration: 2026-12-01T22:00+01:00/PT2H", where="window")
    start = _moment(start_text, zone)
    try:
        end = start + _duration(end_text) if end_text.startswith("P") else _moment(end_text, zone)
    except OverflowError as error:
        raise Invalid(f"{end_text!r} reaches beyond the calendar", where="window") from error
    window = Window(start, end)
    if end - start > LONGEST:  # of a change: what is arranged may last longer
        raise Invalid(f"is longer than {LONGEST.days} days", where="window")
    if over(end.isoformat(), now):
        raise Invalid("is over already", where="window")
    return window


def over(end: str, now: str) -> bool:
    """Whether a window that ends at `end` is over at `now`, both ISO 8601; it ends before its end."""
    return datetime.fromisoformat(end) <= datetime.fromisoformat(now)


def _moment(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no moment like 2026-12-01T22:00+01:00", where="window") from error
    if moment.tzinfo is None and zone:
        # With its offset, not its zone: datetimes of one zone compare by the wall clock, which runs back once a year.
        known = datetime.fromtimestamp(zones.exact(moment, zone), zones.zone(zone))
        return datetime.fromisoformat(known.isoformat())
    if moment.tzinfo is None:
        raise Invalid(f"{text!r} names no time zone: end it with Z or +01:00", where="window")
    return moment


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise Invalid(f"{text!r} is no duration like PT2H, PT90M or P1DT12H", where="window")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
