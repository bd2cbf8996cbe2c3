"""The service-level clock: six conditions over a history, pauses by reason, thresholds in whole seconds."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.errors import DeclarationError, Invalid
from cmdb_processes.timing.clock import Entry, State, Target, Threshold, read, runs, shortest
from cmdb_processes.timing.conditions import ALWAYS as ANY
from cmdb_processes.timing.conditions import NEVER, unless, when
from cmdb_processes.timing.hours import ALWAYS, Calendar, workdays
from cmdb_processes.timing.spans import Span

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "60"))
H = 3600
OFFICE = Calendar("office", "Europe/Berlin", workdays("08:00-17:00"))
RESOLUTION = Target(
    name="resolve P1",
    kind="resolution",
    calendar=OFFICE,
    seconds=8 * H,
    start=unless(category="done"),
    stop=when(state=("resolved", "closed")),
    pause=when(category="waiting", waiting_for=("customer", "supplier")),
    reset=when(event="reopen"),
    cancel=when(state="cancelled"),
)
CATEGORY = {"new": "to do", "work": "in progress", "wait": "waiting", "resolved": "waiting", "cancelled": "done"}


def at(local: str) -> int:
    """A wall time in Berlin."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


def entry(local: str, state: str, **fields: str | int) -> Entry:
    """One entry of a history."""
    return Entry(at(local), {"state": state, "category": CATEGORY[state], **fields})


OPENED = entry("2026-11-24T14:00", "new")  # a Tuesday


def test_a_clock_runs_in_business_time_and_knows_its_breach() -> None:
    """Eight hours from 14:00 on 8 to 17 are used up the next day at 13:00."""
    reading = read(RESOLUTION, [OPENED], at("2026-11-25T09:00"))
    assert (reading.state, reading.elapsed, reading.left) == (State.RUNNING, 4 * H, 4 * H)
    assert reading.breach_at == at("2026-11-25T13:00")
    assert not reading.breached
    assert (
        reading.sentence(at("2026-11-25T09:00")) == "resolve P1: running, 4:00:00 of 8:00:00, due 2026-11-25T12:00:00Z"
    )


def test_three_hours_of_pause_move_the_breach_by_three_business_hours() -> None:
    """From 15:00 to 18:00 only two lie in opening hours; over the night from 16:00 to 09:00 it is two as well."""
    for begin, end, breach in (
        ("2026-11-24T15:00", "2026-11-24T16:30", "2026-11-25T14:30"),
        ("2026-11-25T08:00", "2026-11-25T11:00", "2026-11-25T16:00"),
        ("2026-11-24T15:00", "2026-11-24T18:00", "2026-11-25T15:00"),
        ("2026-11-24T17:30", "2026-11-25T07:00", "2026-11-25T13:00"),  # outside hours: adds nothing
    ):
        history = [OPENED, entry(begin, "wait", waiting_for="customer"), entry(end, "work")]
        assert read(RESOLUTION, history, at("2026-11-25T12:00")).breach_at == at(breach)


def test_while_paused_the_breach_is_not_known_and_pauses_are_counted_by_reason() -> None:
    """A reason that pauses, one that does not, a change of reason within a pause."""
    history = [
        OPENED,
        entry("2026-11-24T15:00", "wait", waiting_for="customer"),
        entry("2026-11-24T16:00", "wait", waiting_for="supplier"),
        entry("2026-11-25T09:00", "wait", waiting_for="colleague"),
        entry("2026-11-25T10:00", "wait", waiting_for="customer"),
    ]
    reading = read(RESOLUTION, history, at("2026-11-25T11:00"))
    assert (reading.state, reading.elapsed, reading.breach_at) == (State.PAUSED, 2 * H, None)
    assert reading.paused == {"customer": 2 * H, "supplier": 2 * H}
    assert read(RESOLUTION, history[:4], at("2026-11-25T09:30")).breach_at == at("2026-11-25T16:00")


def test_a_breach_before_a_pause_stays_a_breach() -> None:
    """Pausing afterwards heals nothing."""
    history = [OPENED, entry("2026-11-25T14:00", "wait", waiting_for="customer")]
    reading = read(RESOLUTION, history, at("2026-11-26T14:00"))
    assert (reading.state, reading.breach_at, reading.breached) == (State.PAUSED, at("2026-11-25T13:00"), True)
    assert "breached, paused" in reading.sentence(at("2026-11-26T14:00"))


def test_the_last_second_is_in_time_and_the_next_is_not() -> None:
    """99.99 percent is not a hundred: the threshold is reached at its second, not by rounding."""
    due = at("2026-11-25T13:00")
    for second, reached, breached in ((due - 1, 1, False), (due, 2, False), (due + 1, 2, True)):
        reading = read(RESOLUTION, [OPENED, Entry(second, {"state": "resolved"})], due + 10)
        assert (reading.state, len(reading.reached), reading.breached) == (State.COMPLETE, reached, breached)


def test_thresholds_say_when_they_were_reached() -> None:
    """75 % of eight hours are six."""
    (warned,) = read(RESOLUTION, [OPENED], at("2026-11-25T12:00")).reached
    assert (warned.threshold, warned.at) == (Threshold(75, "warn"), at("2026-11-25T11:00"))
    odd = replace(RESOLUTION, seconds=7, thresholds=(Threshold(75, "warn"),))
    assert read(odd, [OPENED], OPENED.at + 5).reached == ()  # 5 of 7 is 71 %
    assert read(odd, [OPENED], OPENED.at + 6).reached[0].at == OPENED.at + 6


def test_a_reset_starts_from_zero_and_only_a_reset_restarts_what_is_complete() -> None:
    """Reopened counts anew; without the event a complete clock stays complete."""
    history = [OPENED, entry("2026-11-24T16:00", "resolved"), entry("2026-11-25T09:00", "work", event="reopen")]
    first, second = runs(RESOLUTION, history)
    assert (first.state, first.end, second.state) == (State.COMPLETE, at("2026-11-24T16:00"), State.RUNNING)
    assert read(RESOLUTION, history, at("2026-11-25T10:00")).elapsed == H
    silent = [*history[:2], entry("2026-11-25T09:00", "work")]
    assert read(RESOLUTION, silent, at("2026-11-25T10:00")).state is State.COMPLETE


def test_what_resets_and_cancels_at_once_is_cancelled() -> None:
    """A reset restarts only what may start: cancelled in the same step, it stays so."""
    target = replace(RESOLUTION, start=ANY, reset=when(event="reopen"))
    history = [OPENED, entry("2026-11-24T16:00", "cancelled", event="reopen")]
    assert [run.state for run in runs(target, history)] == [State.CANCELLED]
    elsewhere = replace(RESOLUTION, retroactive=False, applies=when(state="new"))
    moved = [OPENED, entry("2026-11-24T16:00", "work", event="reopen")]
    assert [run.state for run in runs(elsewhere, moved)] == [State.CANCELLED]


def test_the_time_between_updates_is_reset_by_each_update() -> None:
    """An update target knows the last one only."""
    update = replace(RESOLUTION, name="update", kind="update", seconds=2 * H, reset=when(event="comment"))
    history = [
        OPENED,
        entry("2026-11-24T15:00", "work", event="comment"),
        entry("2026-11-24T15:30", "work", event="comment"),
    ]
    reading = read(update, history, at("2026-11-24T16:00"))
    assert (reading.start, reading.elapsed) == (at("2026-11-24T15:30"), 1800)
    assert [run.state for run in runs(update, history)] == [State.CANCELLED, State.CANCELLED, State.RUNNING]


def test_cancelled_never_breaches_and_what_was_stopped_at_once_never_started() -> None:
    """Both are said as what they are."""
    cancelled = [OPENED, entry("2026-11-27T16:00", "cancelled")]
    reading = read(RESOLUTION, cancelled, at("2026-11-28T10:00"))
    assert (reading.state, reading.breached) == (State.CANCELLED, False)
    nothing = read(RESOLUTION, [entry("2026-11-24T15:00", "resolved")], at("2026-11-28T10:00"))
    assert (nothing.state, nothing.breach_at, nothing.elapsed) == (State.NOT_STARTED, None, 0)
    assert read(RESOLUTION, [], 0).state is State.NOT_STARTED


def test_raising_the_priority_counts_from_the_beginning_and_keeps_the_pauses() -> None:
    """The retroactive clock of the new priority starts where the record did; the other kind when it applies."""
    p1 = replace(RESOLUTION, seconds=4 * H, applies=when(priority=1))
    p3 = replace(RESOLUTION, name="resolve P3", seconds=40 * H, applies=when(priority=3))
    history = [
        entry("2026-11-24T10:00", "new", priority=3),
        entry("2026-11-24T11:00", "wait", priority=3, waiting_for="customer"),
        entry("2026-11-24T12:00", "work", priority=3),
        entry("2026-11-24T13:00", "work", priority=1),
    ]
    now = at("2026-11-24T13:30")
    found = shortest([p3, p1], history, now)["resolution"]
    assert (found.target.name, found.elapsed, found.breach_at) == ("resolve P1", 2 * H + 1800, at("2026-11-24T15:00"))
    assert found.paused == {"customer": H}
    late = read(replace(p1, retroactive=False), history, now)
    assert (late.start, late.elapsed, late.paused) == (at("2026-11-24T13:00"), 1800, {})
    lowered = [*history, entry("2026-11-24T14:00", "work", priority=3)]
    assert read(replace(p1, retroactive=False), lowered, at("2026-11-24T15:00")).state is State.CANCELLED
    assert shortest([p3, p1], lowered, at("2026-11-24T15:00"))["resolution"].target is p3


def test_of_several_targets_of_a_kind_the_one_due_first_counts() -> None:
    """Four hours of a closed office are later than ten hours of the clock; kinds are kept apart."""
    night = replace(RESOLUTION, name="night", calendar=ALWAYS, seconds=10 * H)
    response = replace(RESOLUTION, name="respond", kind="response", seconds=H, stop=unless(state="new"))
    evening = entry("2026-11-24T17:30", "new")
    found = shortest([RESOLUTION, night, response], [evening], at("2026-11-24T18:00"))
    assert {kind: reading.target.name for kind, reading in found.items()} == {
        "resolution": "night",
        "response": "respond",
    }
    assert shortest([RESOLUTION], [evening], evening.at - 1) == {}


def test_a_target_in_working_days_is_due_when_the_day_closes() -> None:
    """Two working days from Thursday are Monday's close; in between it counts business seconds like any other."""
    days = replace(RESOLUTION, seconds=None, working_days=2)
    reading = read(days, [entry("2026-11-26T14:00", "new")], at("2026-11-27T17:00"))
    assert (reading.breach_at, reading.length, reading.elapsed) == (at("2026-11-30T17:00"), 21 * H, 12 * H)


def test_a_pause_may_need_its_own_word_to_end() -> None:
    """With a resume condition, leaving the waiting state is not enough."""
    target = replace(RESOLUTION, resume=when(event="resume"))
    history = [OPENED, entry("2026-11-24T15:00", "wait", waiting_for="customer"), entry("2026-11-24T16:00", "work")]
    assert read(target, history, at("2026-11-24T17:00")).state is State.PAUSED
    resumed = [*history, entry("2026-11-24T16:30", "work", event="resume")]
    assert read(target, resumed, at("2026-11-24T17:00")).elapsed == H + 1800


def test_what_contradicts_itself_is_refused() -> None:
    """Targets of two units or none, thresholds at nothing, a history out of order."""
    with pytest.raises(DeclarationError, match="either so many seconds or so many working days"):
        replace(RESOLUTION, working_days=1)
    with pytest.raises(DeclarationError, match="longer than nothing"):
        replace(RESOLUTION, seconds=0)
    with pytest.raises(DeclarationError, match="at 0 %"):
        Threshold(0, "warn")
    with pytest.raises(Invalid, match="not in the order of time"):
        runs(RESOLUTION, [entry("2026-11-24T16:00", "new"), OPENED])


def test_conditions_are_any_of_all_of() -> None:
    """Either, both, none; a missing field is none of the values."""
    either, both = when(a=1) | when(b=2), when(a=1) & unless(b=(2, 3))
    assert either.holds({"b": 2})
    assert not either.holds({"a": 2})
    assert both.holds({"a": 1})
    assert not both.holds({"a": 1, "b": 3})
    assert ANY.holds({})
    assert not NEVER.holds({"a": 1})


_STATES = st.sampled_from(["new", "work", "wait", "resolved", "cancelled"])
_WAITS = st.sampled_from(["customer", "supplier", "colleague"])
_EVENTS = st.sampled_from([None, None, "reopen"])
QUARTER = 900
_HISTORIES = st.lists(st.tuples(st.integers(0, 200), _STATES, _WAITS, _EVENTS), min_size=1, max_size=8).map(
    lambda rows: [
        Entry(at("2026-03-27T06:00") + QUARTER * n, {"state": s, "category": CATEGORY[s], "waiting_for": w, "event": e})
        for n, s, w, e in sorted(rows, key=lambda row: row[0])
    ]
)


def _by_hand(history: Sequence[Entry], now: int) -> tuple[str, int, int | None]:
    """State, elapsed and breach of the resolution target by walking quarter by quarter."""
    state, elapsed, breach = "not started", 0, None
    for tick in range(history[0].at, now + 1, QUARTER):
        for one in (e for e in history if e.at == tick):
            f = one.fields
            stops, gone = f["state"] in ("resolved", "closed"), f["state"] == "cancelled"
            waits = f["category"] == "waiting" and f["waiting_for"] in ("customer", "supplier")
            starts = f["category"] != "done"
            if state in ("running", "paused"):
                again = f["event"] == "reopen" and starts and not stops
                if stops:
                    state = "complete"
                elif gone:
                    state = "cancelled"
                else:
                    state = "paused" if waits else "running"
            else:
                again = starts and not stops and not gone and (state != "complete" or f["event"] == "reopen")
            if again:
                state, elapsed, breach = "paused" if waits else "running", 0, None
        if state == "running" and tick < now:
            elapsed += sum(s.seconds for s in OFFICE.open_within(Span(tick, tick + QUARTER)))
            if breach is None and elapsed == 8 * H:
                breach = tick + QUARTER
    return state, elapsed, breach


@settings(max_examples=CASES, deadline=None)
@given(_HISTORIES, st.integers(0, 250))
def test_a_clock_shows_what_walking_through_the_history_shows(history: list[Entry], more: int) -> None:
    """State, business seconds and breach agree with a walk in steps, over a weekend on which clocks change."""
    now = history[0].at + QUARTER * more
    reading = read(RESOLUTION, history, now)
    state, elapsed, breach = _by_hand(history, now)
    assert (reading.state, reading.elapsed) == (state, elapsed)
    if breach is not None:
        assert reading.breach_at == breach
    elif state == "paused":
        assert reading.breach_at is None
    assert reading.breached is (breach is not None and state != "cancelled" and (reading.end or now) > breach)


@settings(max_examples=CASES, deadline=None)
@given(_HISTORIES, st.integers(0, 250))
def test_running_and_paused_time_add_up(history: list[Entry], more: int) -> None:
    """What counted and what each reason took are together the business time since the start."""
    now = history[0].at + QUARTER * more
    reading = read(RESOLUTION, history, now)
    if reading.start is not None:
        whole = OFFICE.elapsed(reading.start, now if reading.end is None else reading.end)
        assert reading.elapsed + sum(reading.paused.values()) == whole
