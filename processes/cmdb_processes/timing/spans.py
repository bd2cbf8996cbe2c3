"""Spans of time as whole seconds since 1970 UTC, half open, and their set algebra. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cmdb.errors import Invalid

_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until before `end`, in seconds since 1970 UTC."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Invalid(f"ends before it starts: {text(self.start)} to {text(self.end)}", where="span")

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.end - self.start

    def meets(self, other: Span) -> bool:
        """Whether the two share at least a second."""
        return self.start < other.end and other.start < self.end


def moment(written: str) -> int:
    """Any ISO 8601 text with a zone as whole seconds (fractions are dropped); Invalid if it is none."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError as error:
        raise Invalid(f"{written!r} is no moment like 2026-12-01T22:00+01:00", where="time") from error
    if read.tzinfo is None:
        raise Invalid(f"{written!r} names no time zone: end it with Z or +01:00", where="time")
    return seconds_of(read)


def seconds_of(aware: datetime) -> int:
    """An aware datetime as whole seconds; the fraction is dropped, before 1970 as after."""
    return int((aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1)


def text(at: int) -> str:
    """The moment as ISO 8601 in UTC; one beyond the years 1 to 9999 is told in seconds."""
    if not _FIRST <= at <= _LAST:
        return f"second {at}"
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The seconds in any of them, sorted, touching ones joined."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return tuple(joined)


def intersect(ours: Iterable[Span], theirs: Iterable[Span]) -> tuple[Span, ...]:
    """The seconds in both."""
    left, right = union(ours), union(theirs)
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            found.append(Span(start, end))
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
    return tuple(found)


def subtract(ours: Iterable[Span], theirs: Iterable[Span]) -> tuple[Span, ...]:
    """The seconds in `ours` and not in `theirs`."""
    holes = union(theirs)
    left: list[Span] = []
    at = 0
    for span in union(ours):
        start = span.start
        while at < len(holes) and holes[at].end <= start:
            at += 1
        for hole in holes[at:]:
            if hole.start >= span.end:
                break
            if start < hole.start:
                left.append(Span(start, hole.start))
            start = hole.end
        if start < span.end:
            left.append(Span(start, span.end))
    return tuple(left)


def total(spans: Iterable[Span]) -> int:
    """How many seconds lie in any of them; those in several count once."""
    return sum(span.seconds for span in union(spans))
