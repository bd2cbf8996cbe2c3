"""Calendars as plain data, as people write them in YAML or JSON, and as they are stored. Pure.

    name: office
    zone: Europe/Berlin
    workdays: 08:00-12:00 13:00-17:00          # or weekly: {mon: 08:00-17:00, sat: 09:00-12:00}
    holidays: {country: DE, years: [2026, 2027], rules: [11-01 All Saints' Day], days: {2026-12-24: Christmas Eve}}
    exceptions: [{day: 2026-12-31, hours: 08:00-12:00, why: half a day}]

What is stored has every holiday written out, so that a promise of then reads the same when a rule changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from cmdb.errors import Invalid
from cmdb_processes.timing import holidays
from cmdb_processes.timing.holidays import DAYS, Holiday
from cmdb_processes.timing.hours import Calendar, Exceptional, Hours, weekly, workdays

_KEYS = {"name", "zone", "workdays", "weekly", "holidays", "exceptions"}
_MOST_YEARS = 50


def read(data: Mapping[str, Any]) -> Calendar:
    """A calendar from plain data; Invalid names the key that is wrong."""
    _known(data, _KEYS, "calendar")
    if ("weekly" in data) is ("workdays" in data):
        raise Invalid("give either workdays or weekly hours", where="calendar")
    if "workdays" in data:
        week = workdays(_text(data, "workdays"))
    else:
        days = _mapping(data["weekly"], "weekly")
        week = weekly(**{str(day): _text(days, day) for day in days})
    return Calendar(
        _text(data, "name"),
        _text(data, "zone"),
        week,
        _holidays(_mapping(data.get("holidays") or {}, "holidays")),
        tuple(_exception(_mapping(one, "exceptions")) for one in _list(data.get("exceptions") or [], "exceptions")),
    )


def written(calendar: Calendar) -> dict[str, Any]:
    """The same as plain data, holidays written out; `read` gives the same calendar back."""
    return {
        "name": calendar.name,
        "zone": calendar.zone,
        "weekly": {day: _hours(hours) for day, hours in zip(DAYS, calendar.weekly, strict=True) if hours},
        "holidays": {"days": {one.day.isoformat(): one.name for one in calendar.holidays}},
        "exceptions": [
            {"day": one.day.isoformat(), "hours": _hours(one.hours), "why": one.why} for one in calendar.exceptions
        ],
    }


def _holidays(data: Mapping[str, Any]) -> tuple[Holiday, ...]:
    _known(data, {"country", "years", "rules", "days"}, "holidays")
    years = _list(data.get("years") or [], "holidays.years")
    if not all(isinstance(year, int) and 1900 <= year < 2200 for year in years) or len(years) > _MOST_YEARS:
        raise Invalid(f"is a list of up to {_MOST_YEARS} years like [2026, 2027]", where="holidays.years")
    if ("country" in data or "rules" in data) and not years:
        raise Invalid("is missing: say for which years the rules are to be written out", where="holidays.years")
    found = list(holidays.national(_text(data, "country"), years)) if "country" in data else []
    found += holidays.of([str(rule) for rule in _list(data.get("rules") or [], "holidays.rules")], years)
    named = _mapping(data.get("days") or {}, "holidays.days")
    found += [Holiday(_day(day, "holidays.days"), str(name)) for day, name in named.items()]
    return tuple(sorted(set(found)))


def _exception(data: Mapping[str, Any]) -> Exceptional:
    _known(data, {"day", "hours", "why"}, "exceptions")
    hours = tuple(Hours.parse(one) for one in str(data.get("hours") or "").split())
    return Exceptional(_day(data.get("day"), "exceptions.day"), hours, _text(data, "why"))


def _hours(hours: Iterable[Hours]) -> str:
    return " ".join(f"{_clock(one.start)}-{_clock(one.end)}" for one in hours)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}"


def _day(value: object, where: str) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(str(value))  # YAML reads days as dates
    except ValueError as error:
        raise Invalid(f"{value!r} is no day like 2026-12-24", where=where) from error


def _known(data: Mapping[str, Any], keys: set[str], where: str) -> None:
    if unknown := sorted(str(key) for key in set(data) - keys):
        raise Invalid(f"there is no key {unknown[0]!r}; known are {', '.join(sorted(keys))}", where=where)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Invalid("is missing or no text", where=key)
    return value


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid(f"{value!r} is no mapping of names to values", where=where)
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Invalid(f"{value!r} is no list", where=where)
    return list(value)
