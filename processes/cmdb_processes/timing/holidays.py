"""Public holidays as rules: a fixed date, a distance from Easter, the nth weekday of a month. Pure.

A rule is a text: "12-25 Christmas Day", "easter+1 Easter Monday", "orthodox-2 Good Friday", "4 thu 11 Thanksgiving",
"-1 mon 5 Memorial Day". After a fixed date, "/next" moves one that falls on a weekend to the next working day that is
no holiday itself, "/nearest" moves Saturday to Friday and Sunday to Monday.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cmdb.errors import Invalid, UnknownName

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIXED = re.compile(r"(\d\d)-(\d\d)(?:/(next|nearest))? (.+)")
_EASTER = re.compile(r"(easter|orthodox)([+-]\d{1,3})? (.+)")
_NTH = re.compile(rf"(-1|[1-4]) ({'|'.join(DAYS)}) (\d\d?) (.+)")

NATIONAL: dict[str, tuple[str, ...]] = {
    "AT": (
        "01-01 New Year's Day", "01-06 Epiphany", "easter+1 Easter Monday", "05-01 Labour Day",
        "easter+39 Ascension Day", "easter+50 Whit Monday", "easter+60 Corpus Christi", "08-15 Assumption Day",
        "10-26 National Day", "11-01 All Saints' Day", "12-08 Immaculate Conception", "12-25 Christmas Day",
        "12-26 Saint Stephen's Day",
    ),
    "DE": (
        "01-01 New Year's Day", "easter-2 Good Friday", "easter+1 Easter Monday", "05-01 Labour Day",
        "easter+39 Ascension Day", "easter+50 Whit Monday", "10-03 German Unity Day", "12-25 Christmas Day",
        "12-26 Second Day of Christmas",
    ),
    "FR": (
        "01-01 New Year's Day", "easter+1 Easter Monday", "05-01 Labour Day", "05-08 Victory Day",
        "easter+39 Ascension Day", "easter+50 Whit Monday", "07-14 National Day", "08-15 Assumption Day",
        "11-01 All Saints' Day", "11-11 Armistice Day", "12-25 Christmas Day",
    ),
    "GB-ENG": (
        "01-01/next New Year's Day", "easter-2 Good Friday", "easter+1 Easter Monday", "1 mon 5 May Day",
        "-1 mon 5 Spring Bank Holiday", "-1 mon 8 Late Summer Bank Holiday", "12-25/next Christmas Day",
        "12-26/next Boxing Day",
    ),
    "US": (
        "01-01/nearest New Year's Day", "3 mon 1 Martin Luther King Jr. Day", "3 mon 2 Washington's Birthday",
        "-1 mon 5 Memorial Day", "06-19/nearest Juneteenth", "07-04/nearest Independence Day", "1 mon 9 Labor Day",
        "2 mon 10 Columbus Day", "11-11/nearest Veterans Day", "4 thu 11 Thanksgiving Day",
        "12-25/nearest Christmas Day",
    ),
}  # fmt: skip
"""The statutory days of whole countries, as the law stands in 2026; regional and one-off days are added by hand."""


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """A day that is off."""

    day: date
    name: str


def national(country: str, years: Iterable[int]) -> tuple[Holiday, ...]:
    """The holidays of a country in some years, to be stored with a calendar; UnknownName if it has no rules here."""
    if country not in NATIONAL:
        known = ", ".join(NATIONAL)
        raise UnknownName(
            f"there are no holiday rules for {country!r}; known are {known}: write yours", where="country"
        )
    return of(NATIONAL[country], years)


def of(rules: Sequence[str], years: Iterable[int]) -> tuple[Holiday, ...]:
    """The days off in some years, sorted, with those moved into them from the next; Invalid for an unreadable rule."""
    wanted = set(years)
    found: list[Holiday] = []
    for year in sorted(wanted | {year + 1 for year in wanted}):
        taken = {holiday.day for rule in rules if (holiday := _plain(rule, year)) and holiday.day.weekday() < 5}
        for rule in rules:
            if holiday := _plain(rule, year):
                moved = _moved(rule, holiday, taken)
                taken.add(moved.day)
                found.append(moved)
    return tuple(sorted({holiday for holiday in found if holiday.day.year in wanted}))


def easter(year: int) -> date:
    """Easter Sunday of the Western churches (the anonymous Gregorian computus: Nature, 20 April 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def orthodox(year: int) -> date:
    """Easter Sunday of the Eastern churches (Meeus, Astronomical Algorithms, chapter 8), in the Gregorian calendar."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=year // 100 - year // 400 - 2)


def _plain(rule: str, year: int) -> Holiday | None:
    """The day before it is moved; None for 29 February in most years."""
    if found := _FIXED.fullmatch(rule):
        month, day = int(found[1]), int(found[2])
        if not 1 <= month <= 12 or not 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]:
            raise Invalid(f"{rule!r} names no day of the year", where="holiday")
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return None if (month, day) == (2, 29) and not leap else Holiday(date(year, month, day), found[4])
    if found := _EASTER.fullmatch(rule):
        sunday = easter(year) if found[1] == "easter" else orthodox(year)
        return Holiday(sunday + timedelta(days=int(found[2] or 0)), found[3])
    if (found := _NTH.fullmatch(rule)) and 1 <= int(found[3]) <= 12:
        return Holiday(nth(year, int(found[3]), DAYS.index(found[2]), int(found[1])), found[4])
    raise Invalid(
        f"{rule!r} is no holiday rule like '12-25 Christmas Day', 'easter+1 Easter Monday' or '4 thu 11 Thanksgiving'",
        where="holiday",
    )


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The nth (1 to 4) or last (-1) weekday (Monday is 0) of a month."""
    if n > 0:
        begin = date(year, month, 1)
        return begin + timedelta(days=(weekday - begin.weekday()) % 7 + 7 * (n - 1))
    end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return end - timedelta(days=(end.weekday() - weekday) % 7)


def _moved(rule: str, holiday: Holiday, taken: set[date]) -> Holiday:
    found = _FIXED.fullmatch(rule)
    day, how = holiday.day, found[3] if found else None
    if day.weekday() < 5 or how is None:
        return holiday
    if how == "nearest":
        return Holiday(day + timedelta(days=-1 if day.weekday() == 5 else 1), holiday.name)
    while day.weekday() >= 5 or day in taken:
        day += timedelta(days=1)
    return Holiday(day, holiday.name)
