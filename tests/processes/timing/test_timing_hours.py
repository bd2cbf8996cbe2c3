"""Business time: worked vectors, the laws of adding and inverting, and the days on which clocks change."""

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.errors import Invalid, UnknownName
from cmdb_processes.timing.holidays import DAYS, Holiday
from cmdb_processes.timing.hours import ALWAYS, Calendar, Exceptional, Hours, weekly, workdays
from cmdb_processes.timing.spans import Span, moment, text

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "60"))
BERLIN = "Europe/Berlin"
H = 3600


def at(local: str, zone: str = BERLIN) -> int:
    """The seconds of a wall time that exists once."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp())


def office(hours: str, **more: tuple) -> Calendar:  # type: ignore[type-arg]
    """Monday to Friday in Berlin."""
    return Calendar("office", BERLIN, workdays(hours), **more)


@pytest.mark.parametrize(
    ("hours", "start", "end", "business", "clock"),
    [
        ("08:00-17:00", "2026-11-20T21:00", "2026-11-23T09:30", 5400, 60 * H + 1800),
        ("09:00-17:00", "2026-11-24T14:00", "2026-11-25T09:00", 3 * H, 19 * H),
        ("08:00-18:00", "2026-11-24T16:00", "2026-11-25T10:00", 4 * H, 18 * H),
        ("08:00-12:00 13:00-17:00", "2026-11-24T11:00", "2026-11-24T14:00", 2 * H, 3 * H),
        ("08:00-17:00", "2026-11-21T00:00", "2026-11-22T23:00", 0, 47 * H),
    ],
)
def test_worked_vectors(hours: str, start: str, end: str, business: int, clock: int) -> None:
    """Business time and elapsed time of well-known cases."""
    assert office(hours).elapsed(at(start), at(end)) == business
    assert ALWAYS.elapsed(at(start), at(end)) == clock


def test_four_working_hours_from_four_in_the_afternoon_end_at_ten() -> None:
    """The deadline of the worked case; over a weekend it is Monday's."""
    assert office("08:00-18:00").deadline(at("2026-11-24T16:00"), 4 * H) == at("2026-11-25T10:00")
    assert office("08:00-18:00").deadline(at("2026-11-20T16:00"), 4 * H) == at("2026-11-23T10:00")


def test_holidays_are_off_and_exceptions_win() -> None:
    """A holiday counts nothing, an exception has its own hours, even on a holiday or a Sunday."""
    heiligabend = Exceptional(date(2026, 12, 24), (Hours.parse("08:00-12:00"),), "half a day")
    sunday = Exceptional(date(2026, 12, 20), (Hours.parse("10:00-11:00"),), "stock-taking")
    calendar = office(
        "08:00-17:00",
        holidays=(Holiday(date(2026, 12, 24), "off"), Holiday(date(2026, 12, 25), "Christmas Day")),
        exceptions=(heiligabend, sunday),
    )
    assert calendar.elapsed(at("2026-12-24T00:00"), at("2026-12-28T00:00")) == 4 * H
    assert calendar.elapsed(at("2026-12-20T00:00"), at("2026-12-21T00:00")) == H
    assert calendar.deadline(at("2026-12-24T11:00"), 2 * H) == at("2026-12-28T09:00")


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-24T14:00", 1, "2026-11-25T17:00"),
        ("2026-11-27T23:00", 1, "2026-11-30T17:00"),
        ("2026-11-28T12:00", 2, "2026-12-01T17:00"),
        ("2026-12-23T09:00", 2, "2026-12-28T17:00"),
    ],
)
def test_working_days_end_with_the_nth_working_day(start: str, days: int, due: str) -> None:
    """D+n skips weekends and holidays and ends when that day closes."""
    calendar = office("08:00-17:00", holidays=(Holiday(date(2026, 12, 25), "Christmas Day"),))
    assert calendar.after_working_days(at(start), days) == at(due)


@pytest.mark.parametrize(
    ("day", "hours", "seconds"),
    [
        (date(2026, 3, 29), "00:00-24:00", 23 * H),
        (date(2026, 10, 25), "00:00-24:00", 25 * H),
        (date(2026, 3, 29), "01:00-05:00", 3 * H),
        (date(2026, 3, 29), "02:30-05:00", 2 * H),  # opens with the jump from 02:00 to 03:00
        (date(2026, 3, 29), "02:00-03:00", 0),  # does not happen
        (date(2026, 10, 25), "02:00-03:00", 2 * H),
        (date(2026, 10, 25), "01:00-02:30", 5400),
        (date(2026, 10, 25), "02:30-04:00", 2 * H + 1800),
        (date(2026, 6, 28), "01:00-05:00", 4 * H),
    ],
)
def test_days_on_which_clocks_change_have_the_hours_they_have(day: date, hours: str, seconds: int) -> None:
    """23 or 25 hours, and no hour lost or counted twice between adjacent openings."""
    calendar = Calendar("nights", BERLIN, weekly(sun=hours))
    assert sum(span.seconds for span in calendar.spans(day)) == seconds


def test_a_skipped_day_is_no_day() -> None:
    """Samoa crossed the date line: 30 December 2011 did not happen there."""
    calendar = Calendar("apia", "Pacific/Apia", workdays("08:00-17:00"))
    assert calendar.spans(date(2011, 12, 30)) == ()
    assert calendar.elapsed(at("2011-12-29T16:00", "Pacific/Apia"), at("2012-01-02T09:00", "Pacific/Apia")) == 2 * H


def test_a_clock_that_runs_back_over_midnight_loses_nothing() -> None:
    """In St John's, clocks went from 00:01 back to 23:01: every second of that night counts once, also by splits."""
    calendar = Calendar("st johns", "America/St_Johns", weekly(**dict.fromkeys(DAYS, "00:00-24:00")))
    start = moment("2010-11-07T02:00Z")
    for second in range(0, 3 * H, 60):
        assert calendar.elapsed(start, start + second) == second
        assert calendar.elapsed(start + second, start + 3 * H) == 3 * H - second


def test_what_is_no_calendar_is_refused_in_a_sentence() -> None:
    """Unknown zone, nothing open, hours that overlap or end before they start, a week of six days."""
    with pytest.raises(UnknownName, match="no time zone 'Europe/Belrin'"):
        Calendar("x", "Europe/Belrin", workdays("08:00-17:00"))
    with pytest.raises(Invalid, match="office: is never open"):
        office("")
    with pytest.raises(Invalid, match="overlap"):
        office("08:00-12:00 11:00-17:00")
    with pytest.raises(Invalid, match="end after they start"):
        office("17:00-08:00")
    with pytest.raises(Invalid, match="no interval like"):
        office("8-17")
    with pytest.raises(Invalid, match="no interval like"):
        office("08:70-17:00")
    with pytest.raises(Invalid, match="seven days"):
        Calendar("x", BERLIN, workdays("08:00-17:00")[:6])
    with pytest.raises(Invalid, match="'monday' is no day"):
        weekly(monday="08:00-17:00")
    with pytest.raises(Invalid, match="ends before it starts"):
        ALWAYS.elapsed(1, 0)
    with pytest.raises(Invalid, match="count one working day"):
        ALWAYS.after_working_days(0, 0)
    with pytest.raises(Invalid, match="zero seconds or more"):
        ALWAYS.deadline(0, -1)


def test_what_lies_beyond_the_calendar_is_refused() -> None:
    """The years before 1 and after 9999, and spans longer than a century, each in a sentence."""
    calendar = office("08:00-17:00")
    for start, end in ((10**12, 10**12 + 5), (-(10**12), 5 - 10**12), (253_402_300_700, 253_402_300_799)):
        with pytest.raises(Invalid, match="beyond the calendar"):
            calendar.elapsed(start, end)
    assert ALWAYS.elapsed(moment("0001-01-01T00:00Z"), moment("0001-01-01T01:00Z")) == H
    assert ALWAYS.elapsed(moment("9999-12-30T22:00Z"), moment("9999-12-30T23:00Z")) == H
    with pytest.raises(Invalid, match="within ten years"):
        ALWAYS.deadline(moment("9999-12-30T22:00Z"), 90 * H)
    with pytest.raises(Invalid, match=r"beyond the calendar|within ten years"):
        ALWAYS.after_working_days(moment("9999-12-30T22:00Z"), 90)
    with pytest.raises(Invalid, match="longer than a hundred years"):
        calendar.elapsed(0, 37_000 * 86_400)
    with pytest.raises(Invalid, match=r"beyond the calendar|within ten years"):
        calendar.deadline(moment("9999-12-30T00:00Z"), 90 * H)


def test_a_deadline_that_never_comes_is_refused() -> None:
    """A calendar open on one single day has only that day's seconds."""
    once = Calendar("once", "UTC", ((),) * 7, exceptions=(Exceptional(date(2026, 5, 5), (Hours(0, H),), "once"),))
    assert once.deadline(moment("2026-01-01T00:00Z"), H) == moment("2026-05-05T01:00Z")
    with pytest.raises(Invalid, match="no 3601 open seconds within ten years"):
        once.deadline(moment("2026-01-01T00:00Z"), H + 1)
    with pytest.raises(Invalid, match="no 2 working days"):
        once.after_working_days(moment("2026-01-01T00:00Z"), 2)


_EDGES = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(sorted)
_DAY = _EDGES.map(lambda e: tuple(Hours(a * 900, b * 900) for a, b in zip(e[::2], e[1::2], strict=False)))
_ZONES = st.sampled_from(
    [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca"]
)
_OFF = st.lists(st.dates(date(2026, 3, 1), date(2026, 11, 30)), max_size=5).map(
    lambda days: tuple(Holiday(day, "off") for day in days)
)
CALENDARS = st.builds(
    lambda zone, week, off: Calendar("any", zone, (*week, (Hours(8 * H, 9 * H),)), off),
    _ZONES,
    st.lists(st.one_of(st.just(()), _DAY), min_size=6, max_size=6),
    _OFF,
)
MOMENTS = st.integers(moment("2026-03-01T00:00Z"), moment("2026-11-30T00:00Z"))


@settings(max_examples=CASES, deadline=None)
@given(CALENDARS, MOMENTS, st.integers(0, 20 * 86400), st.integers(0, 20 * 86400))
def test_business_time_adds_up_over_splits(calendar: Calendar, start: int, one: int, two: int) -> None:
    """elapsed(a, c) = elapsed(a, b) + elapsed(b, c), never more than the clock's own time."""
    whole = calendar.elapsed(start, start + one + two)
    assert calendar.elapsed(start, start + one) + calendar.elapsed(start + one, start + one + two) == whole
    assert 0 <= whole <= one + two


@settings(max_examples=CASES, deadline=None)
@given(CALENDARS, MOMENTS, st.integers(1, 40 * H))
def test_the_deadline_is_the_inverse_of_elapsed(calendar: Calendar, start: int, seconds: int) -> None:
    """At the deadline exactly so many business seconds have passed, and one second before it one fewer."""
    due = calendar.deadline(start, seconds)
    assert calendar.elapsed(start, due) == seconds
    assert calendar.elapsed(start, due - 1) == seconds - 1


@settings(max_examples=CASES, deadline=None)
@given(CALENDARS, MOMENTS)
def test_open_means_what_the_wall_clock_shows(calendar: Calendar, moment_: int) -> None:
    """Outside the repeated hour, a second is open exactly if the wall clock shows a time within the day's hours."""
    local = datetime.fromtimestamp(moment_, UTC).astimezone(ZoneInfo(calendar.zone))
    beside = {(local + timedelta(hours=h)).utcoffset() for h in (-2, 0, 2)}
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    shown = any(hours.start <= seconds < hours.end for hours in calendar.on(local.date()))
    if len(beside) == 1:
        assert bool(calendar.open_within(Span(moment_, moment_ + 1))) is shown, text(moment_)


@settings(max_examples=CASES, deadline=None)
@given(_ZONES, MOMENTS, st.integers(0, 30 * 86400))
def test_always_is_the_clock_itself_in_any_zone(zone: str, start: int, seconds: int) -> None:
    """A calendar that never closes counts every second once, also on the days on which clocks change."""
    calendar = Calendar("always", zone, weekly(**dict.fromkeys(DAYS, "00:00-24:00")))
    assert calendar.elapsed(start, start + seconds) == seconds
    assert calendar.deadline(start, seconds) == start + seconds
