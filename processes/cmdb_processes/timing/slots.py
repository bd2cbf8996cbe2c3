"""When could it be done: free slots among what is busy, frozen or not allowed, the quietest first. Pure.

The answer for each slot is a sentence of its own: "Sunday 6 December 03:00 has no blockers"; where nothing is free, the
blockers of the slots that come nearest are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.pieces import Amount, cheapest, pieces
from cmdb_processes.timing.spans import Span, subtract, union
from cmdb_processes.timing.windows import Kind, Window
from cmdb_processes.timing.zones import local

STEP = 900
MOST = 100_000
"""Starts that are tried at most: a horizon of a year in steps of a quarter of an hour has 35,000."""
OUTSIDE = "it is outside the change windows"


@dataclass(frozen=True, slots=True)
class Busy:
    """A time that is taken, and by what: another change, a freeze, an implementer, an outage."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to do it; `cost` is 0 when nothing speaks against it, `blockers` are what stands in the way."""

    span: Span
    cost: int
    blockers: tuple[str, ...] = ()

    def sentence(self, where: str) -> str:
        """In words, in a time zone: "Sunday 6 December 03:00 has no blockers"."""
        begin = local(self.span.start, where)
        said = f"{begin:%A} {begin.day} {begin:%B %H:%M}"
        return f"{said} is blocked by {'; '.join(self.blockers)}" if self.blockers else f"{said} has no blockers"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The business seconds that a slot takes from those who work by the calendars: the fewer, the better."""

    calendars: tuple[Calendar, ...]

    def over(self, horizon: Span) -> Amount:
        """All business time of a horizon, laid out once."""
        return Amount(span for calendar in self.calendars for span in calendar.open_within(horizon))


def quiet(*calendars: Calendar) -> Quiet:
    """The cost of disturbing these."""
    return Quiet(calendars)


def by(windows: Iterable[Window], horizon: Span, kind: Kind = Kind.FREEZE) -> tuple[Busy, ...]:
    """What the windows of a kind take of a horizon, said as "freeze Year end (books are closed)"."""
    return tuple(
        Busy(span, f"{one.kind} {one.name}" + (f" ({one.why})" if one.why else ""))
        for one in windows
        if one.kind is kind
        for span in one.within(horizon)
    )


def blockers(span: Span, busy: Iterable[Busy], allowed: Sequence[Span] | None = None) -> tuple[str, ...]:
    """Everything that stands in the way of a time, each once; `allowed` are the spans in which it may happen at all."""
    found = [one.why for one in busy if one.span.meets(span)]
    if allowed is not None and subtract([span], allowed):
        found.append(OUTSIDE)
    return tuple(dict.fromkeys(found))


def free(
    seconds: int,
    horizon: Span,
    busy: Sequence[Busy],
    allowed: Sequence[Span] | None = None,
    cost: Quiet | None = None,
    most: int = 3,
    step: int = STEP,
) -> tuple[Slot, ...]:
    """The best free slots, apart from each other: least cost, then earliest.

    Tried are each free time's beginning and every `step` seconds of the clock inside it. Without `cost` it is simply
    the earliest. Invalid if the slot is longer than the horizon, or the horizon has too many starts.
    """
    if not 1 <= seconds <= horizon.seconds:
        raise Invalid("must be longer than nothing and fit into the time looked at", where="duration")
    if step < 1 or horizon.seconds // step > MOST:
        raise Invalid(f"would try more than {MOST:,} starts: look at less time or take longer steps", where="horizon")
    open_ = subtract([horizon] if allowed is None else _clipped(allowed, horizon), [one.span for one in busy])
    starts = [found for span in open_ if (found := _starts(span, seconds, step))]
    if cost is None:
        return _apart((Slot(Span(at, at + seconds), 0) for part in starts for at in part), most)
    amount = cost.over(horizon)
    edges = sorted({*amount.edges, *(edge - seconds for edge in amount.edges)})
    parts = (part for found in starts for part in pieces(found, edges))
    best = cheapest(parts, lambda at: amount.within(Span(at, at + seconds)))
    return _apart((Slot(Span(at, at + seconds), least) for least, at in best), most)


def nearest(
    seconds: int,
    horizon: Span,
    busy: Sequence[Busy],
    allowed: Sequence[Span] | None = None,
    most: int = 3,
    step: int = STEP,
) -> tuple[Slot, ...]:
    """Where nothing is free: the slots with the fewest blockers, each with all of them; ties go to the earliest."""
    outside = () if allowed is None else subtract([horizon], allowed)
    every = sorted([*busy, *(Busy(span, OUTSIDE) for span in outside)], key=lambda one: one.span)
    # A start meets a span from here on until before there.
    meets = [(one.span.start - seconds + 1, one.span.end, one.why) for one in every]
    edges = sorted({edge for begin, end, _ in meets for edge in (begin, end)})
    parts = list(pieces(_starts(horizon, seconds, step), edges))
    counts = _counts(meets, [part[0] for part in parts])
    cost = {at: count for part, count in zip(parts, counts, strict=True) for at in part}
    best = cheapest(parts, cost.__getitem__)
    spans = (Span(at, at + seconds) for _, at in best)
    return _apart((Slot(span, 0, blockers(span, every)) for span in spans), most)


def _counts(meets: Sequence[tuple[int, int, str]], starts: Sequence[int]) -> Iterator[int]:
    """How many different reasons stand in the way of each start; starts are in order."""
    events = sorted([(begin, 1, why) for begin, _, why in meets] + [(end, -1, why) for _, end, why in meets])
    passing: dict[str, int] = {}
    n = 0
    for start in starts:
        while n < len(events) and events[n][0] <= start:
            _, step, why = events[n]
            passing[why] = passing.get(why, 0) + step
            if not passing[why]:
                del passing[why]
            n += 1
        yield len(passing)


def _clipped(allowed: Iterable[Span], horizon: Span) -> list[Span]:
    inside = (Span(max(s.start, horizon.start), min(s.end, horizon.end)) for s in allowed if s.meets(horizon))
    return list(union(inside))


def _starts(span: Span, seconds: int, step: int) -> list[int]:
    """Its beginning, and every step of the clock at which it still fits in."""
    last = span.end - seconds
    if span.start > last:
        return []
    return [span.start, *range((span.start // step + 1) * step, last + 1, step)]


def _apart(slots: Iterable[Slot], most: int) -> tuple[Slot, ...]:
    """The first few that do not overlap one chosen before."""
    chosen: list[Slot] = []
    for slot in slots:
        if len(chosen) == most:
            break
        if not any(slot.span.meets(other.span) for other in chosen):
            chosen.append(slot)
    return tuple(chosen)
