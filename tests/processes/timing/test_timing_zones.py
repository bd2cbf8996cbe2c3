"""Local times: those that exist once are read, the others refused with what to write instead."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.easter import EASTER_ORTHODOX
from dateutil.easter import easter as known_easter
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import Invalid, UnknownName
from cmdb_processes.timing import holidays, spans
from cmdb_processes.timing.spans import Span, moment
from cmdb_processes.timing.zones import exact, first, local, read, zone


@pytest.mark.parametrize(
    "name", ["Europe/Belrin", "", "../etc/passwd", "/etc/passwd", "Europe", "UTC\0", "CEST+1h", "é"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    """Whatever is no zone is named, also what looks like a path."""
    with pytest.raises(UnknownName, match="there is no time zone"):
        zone(name)


def test_a_time_in_the_gap_says_so_and_what_to_write() -> None:
    """On 29 March 2026 the clocks of Berlin went from 02:00 to 03:00."""
    with pytest.raises(Invalid, match=r"2026-03-29T02:30 does not exist in Europe/Berlin: .* on to 2026-03-29T03:00"):
        read("2026-03-29T02:30", "Europe/Berlin")
    assert first(datetime.fromisoformat("2026-03-29T02:30"), "Europe/Berlin") == moment("2026-03-29T01:00Z")


def test_a_time_that_happens_twice_says_so_and_how_to_choose() -> None:
    """On 25 October 2026 the hour from 02:00 came twice; both ways of writing it are read."""
    with pytest.raises(
        Invalid, match=r"happens twice .* 2026-10-25T02:30\+02:00 for the first or 2026-10-25T02:30\+01:00"
    ):
        read("2026-10-25T02:30", "Europe/Berlin")
    assert read("2026-10-25T02:30+02:00", "Europe/Berlin") == moment("2026-10-25T00:30Z")
    assert read("2026-10-25T02:30+01:00", "Europe/Berlin") == moment("2026-10-25T01:30Z")
    assert first(datetime.fromisoformat("2026-10-25T02:30"), "Europe/Berlin") == moment("2026-10-25T00:30Z")


@pytest.mark.parametrize("written", ["soon", "2026-13-01", "", "2026-02-30T10:00"])
def test_what_is_no_time_is_refused(written: str) -> None:
    """In a sentence, with and without a zone beside it."""
    with pytest.raises(Invalid, match="is no time like"):
        read(written, "Europe/Berlin")
    with pytest.raises(Invalid, match="is no moment like"):
        moment(written)


def test_a_moment_needs_a_zone_and_loses_its_fraction() -> None:
    """A text without an offset is refused; milliseconds fall away, before 1970 too."""
    with pytest.raises(Invalid, match="names no time zone"):
        moment("2026-12-01T22:00")
    assert moment("1970-01-01T00:00:01.999Z") == 1
    assert moment("1969-12-31T23:59:59.500Z") == -1
    assert spans.text(moment("2026-12-01T22:00+01:00")) == "2026-12-01T21:00:00Z"


_ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])


_WALLS = st.integers(0, 315_000_000).map(lambda n: datetime.fromisoformat("2020-01-01") + timedelta(seconds=n))


@given(_ZONES, _WALLS)
def test_a_local_time_is_read_back_or_refused(where: str, wall: datetime) -> None:
    """What is read shows the same on the wall clock; `first` agrees and never fails."""
    assert local(first(wall, where), where) >= wall
    assert local(first(wall, where) - 1, where) < wall
    try:
        found = exact(wall, where)
    except Invalid:
        beside = {(wall + timedelta(hours=h)).replace(tzinfo=ZoneInfo(where)).utcoffset() for h in (-3, 3)}
        assert len(beside) == 2
        return
    assert (local(found, where), found) == (wall, first(wall, where))


_SPANS = st.lists(st.builds(lambda a, n: Span(a, a + n), st.integers(0, 60), st.integers(1, 12)), max_size=6)


@given(_SPANS, _SPANS)
def test_spans_are_sets_of_seconds(one: list[Span], two: list[Span]) -> None:
    """Union, intersection, difference and total are those of the sets; results are sorted and apart."""
    ours, theirs = ({s for span in all_ for s in range(span.start, span.end)} for all_ in (one, two))
    for found, wanted in (
        (spans.union([*one, *two]), ours | theirs),
        (spans.intersect(one, two), ours & theirs),
        (spans.subtract(one, two), ours - theirs),
    ):
        assert {s for span in found for s in range(span.start, span.end)} == wanted
        assert all(a.end < b.start for a, b in pairwise(found))
    assert spans.total(one) == len(ours)


def test_a_span_ends_after_it_starts() -> None:
    """Also an empty one is refused."""
    with pytest.raises(Invalid, match="ends before it starts"):
        Span(5, 5)


def test_easter_is_where_it_is_known_to_be() -> None:
    """Both Easters of 1900 to 2099 agree with python-dateutil's."""
    for year in range(1900, 2100):
        assert holidays.easter(year) == known_easter(year)
        assert holidays.orthodox(year) == known_easter(year, EASTER_ORTHODOX)


@pytest.mark.parametrize(
    ("country", "day", "name"),
    [
        ("DE", date(2026, 4, 3), "Good Friday"),
        ("US", date(2026, 11, 26), "Thanksgiving Day"),
        ("US", date(2026, 7, 3), "Independence Day"),  # the 4th was a Saturday
        ("US", date(2027, 12, 31), "New Year's Day"),  # 1 January 2028 is a Saturday
        ("GB-ENG", date(2026, 12, 28), "Boxing Day"),  # the 26th was a Saturday
        ("GB-ENG", date(2027, 12, 27), "Christmas Day"),  # both fell on the weekend: Monday and Tuesday
        ("GB-ENG", date(2027, 12, 28), "Boxing Day"),
        ("FR", date(2026, 5, 25), "Whit Monday"),
        ("AT", date(2026, 6, 4), "Corpus Christi"),
    ],
)
def test_national_holidays(country: str, day: date, name: str) -> None:
    """Fixed, moving and moved days."""
    assert holidays.Holiday(day, name) in holidays.national(country, range(2026, 2030))


def test_own_rules_and_their_mistakes() -> None:
    """Rules of one's own are read; 29 February comes in leap years only; a wrong rule or country is named."""
    assert [h.day for h in holidays.of(("02-29 Leap day", "orthodox Easter"), (2027, 2028))] == [
        date(2027, 5, 2),
        date(2028, 2, 29),
        date(2028, 4, 16),
    ]
    for rule in ("13-01 x", "02-30 x", "easter", "5 mon 1 x", "1 mon 13 x", "someday"):
        with pytest.raises(Invalid, match="holiday: "):
            holidays.of((rule,), (2026,))
    with pytest.raises(UnknownName, match="no holiday rules for 'XX'; known are AT, DE"):
        holidays.national("XX", (2026,))


def test_now_is_read_with_its_zone() -> None:
    """A moment as a datetime and as a text are the same second."""
    now = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
    assert spans.seconds_of(now) == moment(now.isoformat())
