"""The service-level clock: read anew from a record's history each time, so a correction needs no repair. Pure.

Six conditions are tried at each entry of the history in the order of the well-known engines: attach if start, not stop
and not cancel; complete if stop; pause or resume; reset and start: again from zero; cancel. Figures are whole seconds
of business time: a share is only ever compared as `elapsed * 100 >= percent * target`, since 99.951 % is not 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from cmdb.errors import DeclarationError, Invalid
from cmdb.words.check import Value
from cmdb_processes.timing.conditions import ALWAYS, NEVER, Condition
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.spans import Span, subtract, text, total, union

FAR = 1 << 40
"""A moment that never comes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a record's history: from `at` on its fields were these (state, category, priority, the event, …)."""

    at: int
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What to do when a share of the target is used up."""

    percent: int
    action: str

    def __post_init__(self) -> None:
        if self.percent < 1:
            raise DeclarationError(f"threshold {self.action} is at {self.percent} %: say 1 or more")


WARN_AND_BREACH = (Threshold(75, "warn"), Threshold(100, "escalate"))


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so many business seconds, or so many working days (D+n), of a calendar.

    `kind` is what is promised (response, resolution, update); of several that apply, the shortest of a kind counts.
    A `retroactive` target counts as if what `applies` asks for had held always: raise the priority, and the clock of
    the new one starts where the record did, its earlier pauses kept. One that is not starts when it begins to apply.
    Without a `resume` condition a pause ends when `pause` no longer holds.
    """

    name: str
    kind: str
    calendar: Calendar
    start: Condition
    stop: Condition
    seconds: int | None = None
    working_days: int | None = None
    applies: Condition = ALWAYS
    pause: Condition = NEVER
    resume: Condition | None = None
    reset: Condition = NEVER
    cancel: Condition = NEVER
    thresholds: tuple[Threshold, ...] = WARN_AND_BREACH
    retroactive: bool = True
    reason_field: str = "waiting_for"

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.working_days is None):
            raise DeclarationError(f"target {self.name} is either so many seconds or so many working days")
        if (self.seconds or self.working_days or 0) < 1:
            raise DeclarationError(f"target {self.name} must be longer than nothing")

    def length(self, start: int) -> int:
        """The target in business seconds, for a clock started at a moment; working days depend on the day."""
        if self.seconds is not None:
            return self.seconds
        assert self.working_days is not None
        return self.calendar.elapsed(start, self.calendar.after_working_days(start, self.working_days))


class State(StrEnum):
    """Where a clock is."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Pause:
    """A time that does not count, and why; without an end it lasts still."""

    start: int
    end: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a clock: when it started, what paused it, when and how it ended."""

    start: int
    state: State
    end: int | None
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """A threshold and the moment it was reached."""

    threshold: Threshold
    at: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows. Seconds are business seconds of its calendar; `paused` too, by reason.

    `breach_at` is when the target is or was used up; None while paused before that, since nobody can know. Finishing at
    that very second is in time.
    """

    target: Target
    state: State
    start: int | None
    end: int | None
    length: int
    elapsed: int
    paused: Mapping[str, int]
    breach_at: int | None
    breached: bool
    reached: tuple[Reached, ...]

    @property
    def left(self) -> int:
        """What is left of the target; never less than nothing."""
        return max(0, self.length - self.elapsed)

    def sentence(self, now: int) -> str:
        """In words: "response: running, 1:30:00 of 4:00:00, due 2026-11-30T09:00:00Z"."""
        used = f"{_clock(self.elapsed)} of {_clock(self.length)}"
        due = ""
        if self.breach_at is not None:
            due = f", {'due' if self.breach_at >= now else 'was due'} {text(self.breach_at)}"
        return f"{self.target.name}: {'breached, ' if self.breached else ''}{self.state}, {used}{due}"


def runs(target: Target, history: Sequence[Entry]) -> tuple[Run, ...]:
    """Every run of a target's clock over a history, oldest first; a reset ends one as cancelled and starts the next."""
    if any(later.at < earlier.at for earlier, later in pairwise(history)):
        raise Invalid("the history is not in the order of time", where="history")
    done: list[Run] = []
    run: Run | None = None
    for entry in history:
        if run is None:
            if _attaches(target, entry.fields, done):
                run = _paused_or_not(target, Run(entry.at, State.RUNNING, None, ()), entry)
            continue
        run = _at(target, run, entry)
        if run.end is not None:
            done.append(run)
            again = _resets(target, entry.fields) and _attaches(target, entry.fields, done)
            run = _paused_or_not(target, Run(entry.at, State.RUNNING, None, ()), entry) if again else None
    return (*done, run) if run is not None else tuple(done)


def _attaches(target: Target, fields: Mapping[str, Value], done: Sequence[Run]) -> bool:
    """Start, and neither stop nor cancel; one that is complete starts again only by a reset."""
    if done and done[-1].state is State.COMPLETE and not target.reset.holds(fields):
        return False
    if target.stop.holds(fields) or target.cancel.holds(fields):
        return False
    return target.start.holds(fields) and (target.retroactive or target.applies.holds(fields))


def _resets(target: Target, fields: Mapping[str, Value]) -> bool:
    return target.reset.holds(fields) and target.start.holds(fields)


def _at(target: Target, run: Run, entry: Entry) -> Run:
    """The run after an entry: complete, paused or resumed, ended by a reset, cancelled; in this order."""
    fields = entry.fields
    if target.stop.holds(fields):
        return _finished(run, State.COMPLETE, entry.at)
    run = _paused_or_not(target, run, entry)
    gone = target.cancel.holds(fields) or not (target.retroactive or target.applies.holds(fields))
    return _finished(run, State.CANCELLED, entry.at) if gone or _resets(target, fields) else run


def _paused_or_not(target: Target, run: Run, entry: Entry) -> Run:
    paused = run.state is State.PAUSED
    if paused and target.resume is not None:
        pause = not target.resume.holds(entry.fields)
    else:
        pause = target.pause.holds(entry.fields)
    reason = str(entry.fields.get(target.reason_field) or "no reason given")
    if paused and (not pause or run.pauses[-1].reason != reason):
        run = replace(run, state=State.RUNNING, pauses=_closed(run.pauses, entry.at))
    if pause and run.state is State.RUNNING:
        run = replace(run, state=State.PAUSED, pauses=(*run.pauses, Pause(entry.at, None, reason)))
    return run


def _finished(run: Run, state: State, at: int) -> Run:
    return Run(run.start, state, at, _closed(run.pauses, at))


def _closed(pauses: tuple[Pause, ...], at: int) -> tuple[Pause, ...]:
    """The same with the last one ended; one without length never was."""
    if not pauses or pauses[-1].end is not None:
        return pauses
    last = pauses[-1]
    return pauses[:-1] if last.start == at else (*pauses[:-1], replace(last, end=at))


def read(target: Target, history: Sequence[Entry], now: int) -> Reading:
    """What the last run of a target's clock shows at `now`; entries later than that are not looked at."""
    known = runs(target, [entry for entry in history if entry.at <= now])
    if not known:
        return Reading(target, State.NOT_STARTED, None, None, target.seconds or 0, 0, {}, None, False, ())
    run = known[-1]
    end = now if run.end is None else run.end
    length = target.length(run.start)
    holes = _holes(run)
    breach_at = _reaches(target, run, length)
    cancelled = run.state is State.CANCELLED
    reached = [(one, _reaches(target, run, -(-length * one.percent // 100))) for one in target.thresholds]
    return Reading(
        target=target,
        state=run.state,
        start=run.start,
        end=run.end,
        length=length,
        elapsed=_elapsed(target.calendar, run.start, end, holes),
        paused=_paused(target.calendar, run, end),
        breach_at=breach_at,
        breached=not cancelled and breach_at is not None and end > breach_at,
        reached=tuple(Reached(one, at) for one, at in reached if at is not None and at <= end),
    )


def shortest(targets: Iterable[Target], history: Sequence[Entry], now: int) -> dict[str, Reading]:
    """Of each kind of promise, the reading of the target that applies now and is due first.

    Without pauses, so that the choice does not waver with them; those due at once are told apart by name.
    """
    seen = [entry for entry in history if entry.at <= now]
    found: dict[str, tuple[tuple[int, str], Reading]] = {}
    for target in targets:
        if not seen or not target.applies.holds(seen[-1].fields):
            continue
        reading = read(target, seen, now)
        start = seen[0].at if reading.start is None else reading.start
        rank = (target.calendar.deadline(start, target.length(start)), target.name)
        if target.kind not in found or rank < found[target.kind][0]:
            found[target.kind] = rank, reading
    return {kind: found[kind][1] for kind in sorted(found)}


def _holes(run: Run) -> list[Span]:
    """The pauses as spans; one that lasts reaches to the end of the calendar."""
    return [Span(pause.start, FAR if pause.end is None else pause.end) for pause in run.pauses]


def _elapsed(calendar: Calendar, start: int, end: int, holes: Sequence[Span]) -> int:
    return total(subtract(calendar.open_within(Span(start, end)), holes)) if start < end else 0


def _paused(calendar: Calendar, run: Run, end: int) -> dict[str, int]:
    """The business seconds lost to each reason."""
    lost: dict[str, int] = {}
    for pause in run.pauses:
        until = end if pause.end is None else pause.end
        lost[pause.reason] = lost.get(pause.reason, 0) + calendar.elapsed(pause.start, max(pause.start, until))
    return lost


def _reaches(target: Target, run: Run, seconds: int) -> int | None:
    """The first moment at which the clock shows so many seconds; None if a pause that lasts comes before."""
    left, at = seconds, run.start
    for hole in union(_holes(run)):
        part = target.calendar.elapsed(at, hole.start) if at < hole.start else 0
        if part >= left:
            return target.calendar.deadline(at, left)
        left, at = left - part, hole.end
        if at == FAR:
            return None
    return target.calendar.deadline(at, left)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
