"""A change window: read strictly, refused in a sentence."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import Invalid
from cmdb_processes.change import window

NOW = "2026-11-23T12:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-12-01T22:00+01:00/PT2H", "2026-12-01T22:00:00+01:00", "2026-12-02T00:00:00+01:00"),
        ("2026-12-01T22:00Z/2026-12-01T23:30Z", "2026-12-01T22:00:00+00:00", "2026-12-01T23:30:00+00:00"),
        ("2026-12-01T22:00Z/PT90M", "2026-12-01T22:00:00+00:00", "2026-12-01T23:30:00+00:00"),
        ("2026-12-01T22:00Z/P1DT12H", "2026-12-01T22:00:00+00:00", "2026-12-03T10:00:00+00:00"),
        (" 2026-11-23T11:00Z/PT2H ", "2026-11-23T11:00:00+00:00", "2026-11-23T13:00:00+00:00"),
        ("2026-12-01T23:00+01:00/2026-12-01T22:30Z", "2026-12-01T23:00:00+01:00", "2026-12-01T22:30:00+00:00"),
    ],
)
def test_a_window_is_start_and_end_or_start_and_duration(text: str, start: str, end: str) -> None:
    """Both forms are read, zones differ freely, and one that has begun is not over."""
    read = window.parse(text, NOW)
    assert (read.start.isoformat(), read.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-12-01T22:00Z/2026-12-01T21:00Z", "ends before it starts"),
        ("2026-12-01T22:00Z/2026-12-01T22:00Z", "ends before it starts"),
        ("2026-12-01T22:00Z/PT0H", "ends before it starts"),
        ("2026-12-01T22:00/PT2H", "no time zone"),
        ("2026-12-01T22:00Z/2026-12-02T22:00", "no time zone"),
        ("2026-12-01/PT2H", "no time zone"),
        ("2026-11-23T10:00Z/PT2H", "is over already"),
        ("2020-01-01T10:00Z/PT2H", "is over already"),
        ("2026-12-01T22:00Z/P32D", "longer than 31 days"),
        ("2026-12-01T22:00Z", "write start/end"),
        ("", "write start/end"),
        ("soon/PT2H", "is no moment"),
        ("2026-12-01T22:00Z/later", "is no moment"),
        ("2026-12-01T22:00Z/P", "is no duration"),
        ("2026-12-01T22:00Z/PT", "is no duration"),
        ("2026-12-01T22:00Z/P2H", "is no duration"),
        ("2026-12-01T22:00Z/P1M", "is no duration"),
        ("9999-12-31T22:00Z/P2D", "beyond the calendar"),
        ("2026-12-01T22:00Z/P99999999999999999999D", "beyond the calendar"),
    ],
)
def test_a_bad_window_is_refused_with_the_reason(text: str, why: str) -> None:
    """Each mistake has its sentence, and it names the argument."""
    with pytest.raises(Invalid, match=why) as refused:
        window.parse(text, NOW)
    assert refused.value.message.startswith("window: ")


@given(st.one_of(st.text(), st.from_regex(r"[0-9TZP:+/-]{0,40}", fullmatch=True)))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail in another way, and what is read is a window that lies ahead."""
    try:
        read = window.parse(text, NOW)
    except Invalid:
        return
    assert read.start < read.end
    assert read.end > datetime.fromisoformat(NOW)


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=31)))
def test_a_window_is_over_at_its_end_and_not_before(length: timedelta) -> None:
    """The end itself is outside."""
    end = datetime.fromisoformat(NOW) + length
    assert window.over(end.isoformat(), end.isoformat())
    assert not window.over(end.isoformat(), (end - timedelta(microseconds=1)).isoformat())


def test_a_local_window_is_read_in_the_zone_of_the_service() -> None:
    """Across the days on which clocks change a duration is real time, and times that are not one moment are refused."""
    read = window.parse("2027-03-28T01:00/PT2H", NOW, "Europe/Berlin")
    assert (read.start.isoformat(), read.end.isoformat()) == ("2027-03-28T01:00:00+01:00", "2027-03-28T03:00:00+01:00")
    autumn = window.parse("2027-10-31T02:30+02:00/2027-10-31T04:00", NOW, "Europe/Berlin")
    assert autumn.end - autumn.start == timedelta(hours=2, minutes=30)
    with pytest.raises(Invalid, match="does not exist in Europe/Berlin: daylight saving"):
        window.parse("2027-03-28T02:30/PT2H", NOW, "Europe/Berlin")
    with pytest.raises(Invalid, match="happens twice in Europe/Berlin"):
        window.parse("2027-10-31T02:30/PT2H", NOW, "Europe/Berlin")
    with pytest.raises(Invalid, match="no time zone 'Mars'"):
        window.parse("2027-10-31T02:30/PT2H", NOW, "Mars")
    with pytest.raises(Invalid, match="ends before it starts"):
        window.parse("2027-10-31T05:30/2027-10-31T05:00", NOW, "Europe/Berlin")
