"""Windows and their rules, free slots, and the calendar file."""

import os
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.errors import Invalid, UnknownName
from cmdb_processes.timing import ics, recurrence, slots
from cmdb_processes.timing.hours import Calendar, weekly, workdays
from cmdb_processes.timing.pieces import cheapest
from cmdb_processes.timing.slots import Busy, Slot, by, free, nearest, quiet
from cmdb_processes.timing.spans import Span, moment, subtract, text, union
from cmdb_processes.timing.windows import window, within

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "60"))
BERLIN = "Europe/Berlin"
H = 3600


def span(start: str, end: str) -> Span:
    """Between two moments in UTC."""
    return Span(moment(start + "Z"), moment(end + "Z"))


def test_a_weekly_window_stays_at_its_wall_time_across_daylight_saving() -> None:
    """Sunday 03:00 for two hours: 02:00 UTC in winter, 01:00 UTC in summer, always two hours."""
    sunday = window("patching", "change", BERLIN, "2026-03-15T03:00", "PT2H", "FREQ=WEEKLY;BYDAY=SU")
    found = sunday.within(span("2026-03-20T00:00", "2026-04-06T00:00"))
    assert [text(one.start) for one in found] == [
        "2026-03-22T02:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-04-05T01:00:00Z",
    ]
    assert {one.seconds for one in found} == {2 * H}


def test_a_recurring_window_in_the_skipped_hour_begins_with_the_jump() -> None:
    """02:30 does not exist on 29 March; the window is there all the same, once."""
    night = window("backup", "maintenance", BERLIN, "2026-03-01T02:30", "PT1H", "FREQ=DAILY")
    assert night.within(span("2026-03-29T00:00", "2026-03-30T00:00")) == (span("2026-03-29T01:00", "2026-03-29T02:00"),)


def test_one_window_is_said_exactly_or_refused() -> None:
    """In the gap, twice, ended before begun, no zone, no duration, an offset, another kind: each has its sentence."""
    freeze = window("Year end", "freeze", BERLIN, "2026-12-18T18:00", "2027-01-04T06:00", why="books are closed")
    (one,) = freeze.within(span("2026-12-24T00:00", "2026-12-25T00:00"))
    assert one == span("2026-12-18T17:00", "2027-01-04T05:00")
    for start, end, why in (
        ("2026-03-29T02:30", "PT2H", "does not exist"),
        ("2026-10-25T02:30", "PT2H", "happens twice"),
        ("2026-10-25T01:00", "2026-10-25T02:30", "happens twice"),
        ("2026-12-01T22:00", "2026-12-01T21:00", "ends before it starts"),
        ("2026-12-01T22:00", "PT0M", "ends before it starts"),
        ("2026-12-01T22:00", "P2H", "is no duration"),
        ("2026-12-01T22:00+01:00", "PT2H", "has an offset"),
        ("tomorrow", "PT2H", "is no local time"),
    ):
        with pytest.raises(Invalid, match=why):
            window("x", "change", BERLIN, start, end)
    with pytest.raises(UnknownName, match="no time zone 'Mars/Base'"):
        window("x", "change", "Mars/Base", "2026-12-01T22:00", "PT2H")
    with pytest.raises(Invalid, match="no window kind 'pause'; known are change, maintenance, freeze"):
        window("x", "pause", BERLIN, "2026-12-01T22:00", "PT2H")
    with pytest.raises(Invalid, match="31 days at most"):
        window("x", "change", BERLIN, "2026-12-01T22:00", "P32D", "FREQ=YEARLY")


@settings(max_examples=CASES, deadline=None)
@given(
    st.sampled_from(["change", "freeze", "nap"]),
    st.sampled_from([BERLIN, "UTC", "Mars"]),
    st.one_of(st.text(max_size=8), st.sampled_from(["9999-12-31T23:00", "0001-01-01T00:00", "2026-03-29T02:30"])),
    st.one_of(st.text(max_size=8), st.sampled_from(["PT2H", "P9999D", "PT0M", "9999-12-31T23:59"])),
    st.one_of(st.text(max_size=8), st.sampled_from(["", "FREQ=DAILY", "FREQ=DAILY;UNTIL=00010101"])),
    st.sampled_from(
        [Span(0, 1), Span(10**10, 10**10 + 10**6), Span(253_402_300_000, 253_402_300_799), Span(0, 10**11)]
    ),
)
def test_whatever_is_typed_is_a_window_or_refused(
    kind: str, where: str, start: str, end: str, rule: str, horizon: Span
) -> None:
    """No text and no horizon makes a window fail in another way."""
    try:
        found = window("x", kind, where, start, end, rule).within(horizon)
    except Invalid:
        return
    assert all(one.meets(horizon) for one in found)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "is no rule like"),
        ("FREQ=WEEKLY;FREQ=DAILY", "is no rule like"),
        ("FREQ=", "is no rule like"),
        ("FREQ=HOURLY", "is not one of DAILY"),
        ("BYDAY=SU", "FREQ= is not one of"),
        ("FREQ=DAILY;COUNT=3", "COUNT is not understood: say UNTIL"),
        ("FREQ=DAILY;BYHOUR=3", "BYHOUR is not understood; known are"),
        ("FREQ=WEEKLY;BYDAY=SO", "not made of days"),
        ("FREQ=WEEKLY;BYDAY=1SU", "MONTHLY only"),
        ("FREQ=YEARLY;BYDAY=SU", "does not go with YEARLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "not with WEEKLY"),
        ("FREQ=DAILY;INTERVAL=0", "from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=1,2", "more than one number"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "from -31 to 31"),
        ("FREQ=YEARLY;BYMONTH=13", "from 1 to 12"),
        ("FREQ=DAILY;UNTIL=20261301", "is no date"),
    ],
)
def test_a_rule_that_is_not_understood_is_refused(rule: str, why: str) -> None:
    """By the part that is wrong."""
    with pytest.raises(Invalid, match=why):
        recurrence.parse(rule)


_WEEKDAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3, unique=True)
_NTH = st.tuples(st.sampled_from(["", "1", "-1", "3", "5", "-2"]), _WEEKDAYS).map(lambda p: [p[0] + d for d in p[1]])
_MONTH_DAYS = st.lists(st.integers(-28, 28).filter(bool).map(str), min_size=1, max_size=3, unique=True)
_MONTHS = st.lists(st.integers(1, 12).map(str), min_size=1, max_size=3, unique=True)


def _rule(freq: str, **parts: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    optional = {key: st.one_of(st.none(), value) for key, value in parts.items()}
    return st.tuples(st.integers(1, 4), st.fixed_dictionaries(optional)).map(
        lambda drawn: ";".join(
            [f"FREQ={freq}", f"INTERVAL={drawn[0]}", *(f"{k}={','.join(v)}" for k, v in drawn[1].items() if v)]
        )
    )


# Without rules that hardly ever come true: dateutil looks for their days until the year 9999.
_RULES = st.one_of(
    _rule("DAILY", BYDAY=_WEEKDAYS, BYMONTH=_MONTHS, BYMONTHDAY=_MONTH_DAYS),
    _rule("WEEKLY", BYDAY=_WEEKDAYS, BYMONTH=_MONTHS),
    _rule("MONTHLY", BYDAY=_NTH),
    _rule("MONTHLY", BYMONTHDAY=_MONTH_DAYS),
    _rule("YEARLY", BYMONTH=_MONTHS, BYMONTHDAY=_MONTH_DAYS),
)


@settings(max_examples=CASES, deadline=None)
@given(_RULES, st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.integers(0, 500))
def test_rules_name_the_days_that_dateutil_names(rule: str, begin: date, ahead: int) -> None:
    """Against python-dateutil's own reading of the same text, over fifteen months."""
    start = begin + timedelta(days=ahead)
    end = start + timedelta(days=460)
    noon = [datetime.combine(day, datetime.min.time()) for day in (begin, start, end)]
    known = {found.date() for found in rrulestr(rule, dtstart=noon[0]).between(noon[1], noon[2], inc=True)}
    assert set(recurrence.parse(rule).between(begin, start, end)) == known


def test_rules_that_seldom_or_never_come_true_cost_nothing() -> None:
    """Friday the 13th, the 31st, the last day before an end; 30 February is no day."""
    year = date(2026, 1, 1), date(2026, 1, 1), date(2026, 12, 31)
    assert [d.month for d in recurrence.parse("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13").between(*year)] == [2, 3, 11]
    assert len(list(recurrence.parse("RRULE:FREQ=MONTHLY;BYMONTHDAY=31").between(*year))) == 7
    assert [d.day for d in recurrence.parse("FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20260331T000000Z").between(*year)] == [
        31,
        28,
        31,
    ]
    never = recurrence.parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    assert list(never.between(date(2026, 1, 1), date(2026, 1, 1), date(2036, 1, 1))) == []


def test_sunday_at_three_has_no_blockers() -> None:
    """Among allowed nights, a freeze and a change that runs already, the quiet free one is proposed, in words."""
    nights = window("nights", "change", BERLIN, "2026-11-01T22:00", "PT8H", "FREQ=DAILY")
    saturday = window("Books", "freeze", BERLIN, "2026-12-04T12:00", "2026-12-06T03:00", why="month end")
    horizon = span("2026-12-04T12:00", "2026-12-07T12:00")
    taken = [*by([nights, saturday], horizon), Busy(span("2026-12-06T21:00", "2026-12-07T05:00"), "CHG-7 on db-17")]
    allowed = [one for one, _ in within([nights], horizon)]
    shop = Calendar("shop", BERLIN, weekly(sun="00:00-02:00 05:00-24:00", mon="00:00-24:00"))
    best, *_ = free(2 * H, horizon, taken, allowed, quiet(shop))
    assert best.sentence(BERLIN) == "Sunday 6 December 03:00 has no blockers"
    assert (best.cost, best.span.seconds) == (0, 2 * H)


def test_where_nothing_is_free_the_blockers_are_told() -> None:
    """All of them, of the slots with the fewest."""
    horizon = span("2026-12-04T00:00", "2026-12-04T12:00")
    taken = [
        Busy(span("2026-12-03T00:00", "2026-12-04T06:00"), "freeze Books"),
        Busy(span("2026-12-04T05:00", "2026-12-05T00:00"), "CHG-7 on db-17"),
    ]
    allowed = [span("2026-12-04T00:00", "2026-12-04T09:00")]
    assert free(2 * H, horizon, taken, allowed) == ()
    first, *_ = nearest(2 * H, horizon, taken, allowed)
    assert first.sentence("UTC") == "Friday 4 December 00:00 is blocked by freeze Books"
    assert slots.blockers(span("2026-12-04T05:30", "2026-12-04T09:30"), taken, allowed) == (
        "freeze Books",
        "CHG-7 on db-17",
        "it is outside the change windows",
    )


def test_what_cannot_be_looked_for_is_refused() -> None:
    """Longer than the horizon, nothing long, a horizon of a century."""
    horizon = Span(0, 10 * H)
    for seconds in (0, 10 * H + 1):
        with pytest.raises(Invalid, match="fit into the time looked at"):
            free(seconds, horizon, ())
    with pytest.raises(Invalid, match=r"more than 100,000 starts"):
        free(H, Span(0, 100 * 365 * 86400), ())


_SPANS = st.lists(st.builds(lambda a, n: Span(a, a + n), st.integers(-5, 45), st.integers(1, 12)), max_size=5)


@settings(max_examples=CASES, deadline=None)
@given(st.integers(1, 10), _SPANS, st.one_of(st.none(), _SPANS), st.integers(1, 4))
def test_free_slots_are_those_that_nothing_blocks(
    seconds: int, busy: list[Span], allowed: list[Span] | None, most: int
) -> None:
    """Every slot found has no blockers; the first is the earliest there is; where none is found there is none."""
    horizon = Span(0, 40)
    taken = [Busy(one, f"busy {one.start}") for one in busy]
    found = free(seconds, horizon, taken, allowed, most=most, step=1)
    every = [Span(at, at + seconds) for at in range(40 - seconds + 1)]
    open_ = [one for one in every if not slots.blockers(one, taken, allowed)]
    assert [slot.span for slot in found[:1]] == open_[:1]
    assert all(slot.span in open_ for slot in found)
    assert all(not a.span.meets(b.span) for a, b in pairwise(sorted(found, key=lambda s: s.span)))
    least = nearest(seconds, horizon, taken, allowed, most=1, step=1)[0]
    told = [slots.blockers(one, taken, allowed) for one in every]
    assert len(least.blockers) == min(len(one) for one in told)
    assert set(least.blockers) == set(slots.blockers(least.span, taken, allowed))


def test_a_quiet_hour_is_preferred_to_an_early_one() -> None:
    """Costs are business seconds; the earliest of the cheapest wins."""
    office = Calendar("office", "UTC", workdays("08:00-17:00"))
    horizon = span("2026-11-24T15:00", "2026-11-25T12:00")
    assert free(H, horizon, ())[0] == Slot(span("2026-11-24T15:00", "2026-11-24T16:00"), 0)
    assert free(H, horizon, (), cost=quiet(office))[0] == Slot(span("2026-11-24T17:00", "2026-11-24T18:00"), 0)
    busy = [Busy(span("2026-11-24T16:30", "2026-11-25T12:00"), "x")]
    assert free(H, horizon, busy, cost=quiet(office, office))[0].cost == 2 * H


_OPEN = st.lists(
    st.builds(lambda a, n: Span(a * 60, (a + n) * 60), st.integers(0, 1300), st.integers(1, 400)), max_size=3
)


@settings(max_examples=CASES, deadline=None)
@given(st.integers(1, 9), st.integers(1, 7), _OPEN, _OPEN, st.integers(1, 4))
def test_the_quietest_slots_are_those_that_trying_each_finds(
    seconds: int, step: int, busy: list[Span], hours: list[Span], most: int
) -> None:
    """Jumping from edge to edge finds what trying every start and sorting by cost finds; of the blocked ones too."""
    seconds, step, horizon = seconds * 1000, step * 100, Span(50, 86_000)
    times = " ".join(f"{_clock(one.start)}-{_clock(min(one.end, 86_400))}" for one in union(hours))
    shop = Calendar("shop", "UTC", weekly(thu=times or "00:00-24:00"))  # 1 January 1970 was a Thursday
    taken = [Busy(one, f"busy {one.start % 3}") for one in busy]
    last = horizon.end - seconds
    every = [Span(at, at + seconds) for at in (50, *range(step, last + 1, step))]
    open_ = [one for one in every if not slots.blockers(one, taken)]
    starts = {part.start for part in subtract([horizon], busy)}
    open_ = sorted({*open_, *(Span(at, at + seconds) for at in starts if at <= last)})
    open_ = [one for one in open_ if not slots.blockers(one, taken)]
    costs = [(shop.elapsed(one.start, one.end), one) for one in open_]
    assert [(s.cost, s.span) for s in free(seconds, horizon, taken, None, quiet(shop), most, step)] == _first(
        costs, most
    )
    told = [(len(slots.blockers(one, taken)), one) for one in every]
    found = nearest(seconds, horizon, taken, None, most, step)
    assert [(len(s.blockers), s.span) for s in found] == _first(told, most)


def _clock(at: int) -> str:
    return f"{at // 3600:02}:{at // 60 % 60:02}"


def _first(costs: list[tuple[int, Span]], most: int) -> list[tuple[int, Span]]:
    chosen: list[tuple[int, Span]] = []
    for cost, one in sorted(costs):
        if len(chosen) < most and not any(one.meets(other) for _, other in chosen):
            chosen.append((cost, one))
    return chosen


def test_a_year_is_searched_at_once() -> None:
    """A thousandth of what trying each start would take: each piece is asked but twice, and what is chosen."""
    asked: list[int] = []
    parts = [range(n * 900, n * 900 + 90_000, 9) for n in range(0, 1000, 100)]
    found = cheapest(parts, lambda at: asked.append(at) or abs(at - 450_000))  # type: ignore[func-returns-value]
    assert next(found) == (0, 450_000)
    assert len(asked) < 3 * len(parts) + 2


def _unfolded(file: str) -> list[tuple[str, str]]:
    """The lines of a calendar file as name and value, read as RFC 5545 says."""
    assert file.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in file.split("\r\n"))
    names = (line.partition(":") for line in file[:-2].replace("\r\n ", "").split("\r\n"))
    plain = {"\\n": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}
    return [(name, "".join(_parts(value, plain))) for name, _, value in names]


def _parts(value: str, plain: dict[str, str]) -> list[str]:
    found, at = [], 0
    while at < len(value):
        size = 2 if value[at] == "\\" else 1
        found.append(plain[value[at : at + 2]] if size == 2 else value[at])
        at += size
    return found


@settings(max_examples=CASES, deadline=None)
@given(st.text(max_size=120), st.text(st.sampled_from("aé€𝄞;,\\\n "), max_size=120))
def test_a_calendar_file_is_read_back(summary: str, description: str) -> None:
    """Folding, escaping, UTC times: whatever people write comes back, without what the format has no place for."""
    event = ics.Event("CHG-7", span("2026-12-06T02:00", "2026-12-06T04:00"), summary, description, "change", True)
    lines = _unfolded(ics.calendar("Changes", [event], moment("2026-11-28T09:00Z")))
    found = dict(lines)
    assert lines[0] == ("BEGIN", "VCALENDAR")
    assert lines[-1] == ("END", "VCALENDAR")
    assert (found["UID"], found["DTSTART"], found["DTEND"]) == ("CHG-7", "20261206T020000Z", "20261206T040000Z")
    assert found["SUMMARY"] == summary.encode("utf-8", "ignore").decode().translate(_CONTROLS)
    assert found.get("DESCRIPTION", "") == description
    assert (found["CATEGORIES"], found["TRANSP"], found["DTSTAMP"]) == ("change", "TRANSPARENT", "20261128T090000Z")


_CONTROLS = dict.fromkeys((*range(10), *range(11, 32), *range(127, 160)))


def test_a_calendar_file_is_the_same_for_the_same_events() -> None:
    """In whatever order they are given."""
    events = [ics.Event(f"CHG-{n}", Span(n % 2, n + 2), "x") for n in range(5)]
    assert ics.calendar("x", events, 0) == ics.calendar("x", reversed(events), 0)
