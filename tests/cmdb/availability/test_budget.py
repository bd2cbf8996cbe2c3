"""The budget of downtime: what a requirement allows in a calendar year, what is used of it, and what a window takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.availability import Requirement, Span, budget
from cmdb.availability.budget import MOST_SHARE, year
from cmdb.errors import Invalid
from cmdb.moments import after, iso_utc

PROMISED = Requirement(99.95)


def span(start: str, minutes: float) -> Span:
    """So many minutes from a moment on."""
    begin = iso_utc(f"{start}+00:00")
    return Span(begin, after(begin, minutes / 60))


NOW = "2027-06-01T00:00:00.000Z"


def test_what_is_left_and_what_a_window_takes_of_it() -> None:
    """The figures of one year, in one sentence; a window that takes more than is left says by how much."""
    outages = [span("2027-02-01T00:00", 120), span("2027-03-01T00:00", 60)]
    plain = budget(PROMISED, outages, NOW)
    assert (plain.allowed, plain.used, plain.left) == pytest.approx((262.8, 180, 82.8))
    assert plain.sentence("Payments") == "budget of Payments: 262.8 min a year, 180.0 used, 82.8 left"
    tight = budget(PROMISED, outages, NOW, span("2027-06-02T00:00", 180))
    assert tight.sentence("Payments").endswith("82.8 left; down for the whole window of 180 min: 97.2 too many")
    assert tight.share == pytest.approx(100 * 360 / 262.8)
    short = budget(PROMISED, outages, NOW, span("2027-06-02T00:00", 60))
    assert short.sentence("Payments").endswith("; down for the whole window of 60 min: 22.8 left")
    over = budget(PROMISED, [span("2027-02-01T00:00", 300)], NOW)
    assert over.sentence("Payments").endswith("300.0 used, 37.2 too many")


def test_a_window_in_which_it_stays_up_uses_nothing() -> None:
    """A service that is only degraded is up."""
    found = budget(PROMISED, [], NOW, span("2027-06-02T00:00", 180), down=False)
    assert (found.adds, found.share) == (0, 0)
    assert found.sentence("Payments").endswith("262.8 left; the window uses none of it")


def test_only_what_lies_in_the_year_counts() -> None:
    """An outage over New Year is cut at midnight UTC."""
    eve = span("2026-12-31T23:00", 90)
    assert budget(PROMISED, [eve], NOW).used == 30
    assert budget(PROMISED, [eve], "2026-12-31T23:40:00.000Z").used == 40
    assert budget(PROMISED, [eve], iso_utc("2027-01-01T00:30+01:00")).period == year(2026)


def test_an_outage_that_lasts_counts_until_now() -> None:
    """What lies behind now is not used yet, and of a window in it only what is not used already is added."""
    lasting = span("2027-05-31T23:00", 600)
    assert budget(PROMISED, [lasting], NOW).used == 60
    found = budget(PROMISED, [lasting], NOW, span("2027-05-31T23:30", 90))
    assert (found.used, found.adds) == (60, 60)
    assert found.sentence("Payments").endswith("; down for 60 more of the window's 90 min: 142.8 left")


def test_a_leap_year_allows_a_day_more() -> None:
    """The share is of the minutes the year really has."""
    assert budget(PROMISED, [], "2028-03-01T00:00:00.000Z").allowed == pytest.approx(366 * 1440 * 0.0005)
    assert budget(PROMISED, [], "2027-03-01T00:00:00.000Z").allowed == pytest.approx(365 * 1440 * 0.0005)


def test_what_was_never_measured_is_unknown_and_not_nothing() -> None:
    """Nothing is said to be left; but a window that is too long by itself certainly is."""
    found = budget(PROMISED, None, NOW)
    assert (found.used, found.left) == (None, None)
    assert found.sentence("Payments") == "budget of Payments: 262.8 min a year, nothing known of what is used"
    hour = budget(PROMISED, None, NOW, span("2027-06-02T00:00", 60))
    assert hour.sentence("Payments").endswith("; down for the whole window of 60 min: at most 202.8 left")
    long = budget(PROMISED, None, NOW, span("2027-06-02T00:00", 300))
    assert long.sentence("Payments").endswith("; down for the whole window of 300 min: at least 37.2 too many")


def test_of_a_year_to_come_nothing_is_used_yet() -> None:
    """That is known even where nothing was ever measured."""
    found = budget(PROMISED, None, NOW, span("2030-01-10T21:00", 120))
    assert (found.period, found.used, found.left) == (year(2030), 0, pytest.approx(262.8))


def test_a_window_over_new_year_is_held_against_the_year_it_harms_most() -> None:
    """Each year pays for its own minutes; one that ends at midnight does not touch the next."""
    used = [span("2027-02-01T00:00", 200)]
    found = budget(PROMISED, used, NOW, span("2027-12-31T23:00", 120))
    assert (found.period, found.adds) == (year(2027), 60)
    fresh = budget(PROMISED, [], NOW, span("2027-12-31T23:00", 180))
    assert (fresh.period, fresh.adds) == (year(2028), 120)
    assert budget(PROMISED, [], NOW, span("2027-12-31T23:00", 60)).period == year(2027)


def test_what_must_never_be_down_has_nothing_to_use() -> None:
    """Any downtime is the most there is; none at all is none."""
    never = Requirement(100)
    assert budget(never, [], NOW).share == 0
    assert budget(never, [], NOW, span("2027-06-02T00:00", 1)).share == MOST_SHARE


@given(st.floats(0, 1000), st.floats(0, 1000), st.integers(0, 600))
def test_more_downtime_never_uses_less(used: float, window: float, more: int) -> None:
    """A longer outage and a longer window both raise the share, or leave it."""

    def share(extra: float, longer: float) -> float:
        outages = [span("2027-02-01T00:00", used + extra)]
        return budget(PROMISED, outages, NOW, span("2027-06-02T00:00", window + longer)).share

    assert share(0, 0) <= share(more, 0) and share(0, 0) <= share(0, more)


def test_a_span_that_runs_backwards_is_refused() -> None:
    """A window ends behind its beginning."""
    with pytest.raises(Invalid, match="ends before it starts"):
        span("2027-01-01T00:00", -1)
