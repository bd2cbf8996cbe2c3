"""Which days a rule names: the part of RFC 5545's RRULE that windows need, asked day by day. Pure.

FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYDAY (with a number in MONTHLY: 1SU, -1FR), BYMONTHDAY, BYMONTH, UNTIL
(a date, included). A rule is a question about a day, so a rule that never comes true costs nothing and never runs away.
COUNT is refused: say UNTIL.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cmdb.errors import Invalid

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(rf"([+-]?[1-5])?({'|'.join(_WEEKDAYS)})")
_KEYS = ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "UNTIL")


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence; `days` are (nth or 0, weekday with Monday 0). Read one with `parse`."""

    freq: str
    interval: int = 1
    days: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    until: date | None = None

    def names(self, day: date, begin: date) -> bool:
        """Whether the rule, begun on a day, names another."""
        if day < begin or (self.until is not None and day > self.until):
            return False
        if self.months and day.month not in self.months:
            return False
        return self._periods(day, begin) % self.interval == 0 and self._fits(day, begin)

    def between(self, begin: date, start: date, end: date) -> Iterator[date]:
        """The days named from `start` until `end`, both included."""
        day = max(begin, start)
        while day <= end:
            if self.names(day, begin):
                yield day
            day += timedelta(days=1)

    def _periods(self, day: date, begin: date) -> int:
        """How many days, weeks (from Monday), months or years apart the two lie."""
        if self.freq == "DAILY":
            return (day - begin).days
        if self.freq == "WEEKLY":
            return (day.toordinal() - 1) // 7 - (begin.toordinal() - 1) // 7
        if self.freq == "MONTHLY":
            return (day.year - begin.year) * 12 + day.month - begin.month
        return day.year - begin.year

    def _fits(self, day: date, begin: date) -> bool:
        if self.month_days:
            last = monthrange(day.year, day.month)[1]
            if not {day.day, day.day - last - 1} & set(self.month_days):
                return False
        if self.days:
            return any(day.weekday() == weekday and _is_nth(day, n) for n, weekday in self.days)
        if self.month_days or self.freq == "DAILY":
            return True
        if self.freq == "WEEKLY":
            return day.weekday() == begin.weekday()
        return day.day == begin.day and (self.freq == "MONTHLY" or bool(self.months) or day.month == begin.month)


def _is_nth(day: date, n: int) -> bool:
    if n == 0:
        return True
    if n > 0:
        return (day.day - 1) // 7 == n - 1
    return (monthrange(day.year, day.month)[1] - day.day) // 7 == -n - 1


def parse(written: str) -> Rule:
    """Read a rule like "FREQ=WEEKLY;BYDAY=SA,SU" or "FREQ=MONTHLY;BYDAY=1SU;UNTIL=20271231"; Invalid if it is none."""
    text = written.strip().upper().removeprefix("RRULE:")
    pairs = [part.partition("=") for part in text.split(";")]
    parts = {key: value for key, _, value in pairs}
    if len(parts) < len(pairs) or not all(value for value in parts.values()):
        raise Invalid(f"{written!r} is no rule like FREQ=WEEKLY;BYDAY=SA,SU", where="rule")
    if unknown := [key for key in parts if key not in _KEYS]:
        hint = ": say UNTIL" if unknown[0] == "COUNT" else f"; known are {', '.join(_KEYS)}"
        raise Invalid(f"{unknown[0]} is not understood{hint}", where="rule")
    freq = parts.get("FREQ", "")
    if freq not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise Invalid(f"FREQ={freq} is not one of DAILY, WEEKLY, MONTHLY, YEARLY", where="rule")
    rule = Rule(
        freq,
        _numbers(parts.get("INTERVAL", "1"), 1, 1000, "INTERVAL")[0],
        _days(parts["BYDAY"], freq) if "BYDAY" in parts else (),
        _numbers(parts["BYMONTHDAY"], -31, 31, "BYMONTHDAY") if "BYMONTHDAY" in parts else (),
        _numbers(parts["BYMONTH"], 1, 12, "BYMONTH") if "BYMONTH" in parts else (),
        _until(parts["UNTIL"]) if "UNTIL" in parts else None,
    )
    if rule.month_days and freq == "WEEKLY":
        raise Invalid("BYMONTHDAY goes with DAILY, MONTHLY or YEARLY, not with WEEKLY", where="rule")
    return rule


def _numbers(text: str, low: int, high: int, key: str) -> tuple[int, ...]:
    found = text.split(",")
    if not all(re.fullmatch(r"[+-]?\d{1,4}", n) and low <= int(n) <= high and int(n) for n in found):
        raise Invalid(f"{key}={text} is not made of numbers from {low} to {high}", where="rule")
    if key == "INTERVAL" and len(found) > 1:
        raise Invalid(f"INTERVAL={text} is more than one number", where="rule")
    return tuple(int(n) for n in found)


def _days(text: str, freq: str) -> tuple[tuple[int, int], ...]:
    found = [_BYDAY.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise Invalid(f"BYDAY={text} is not made of days like SA, 1SU or -1FR", where="rule")
    days = tuple((int(one[1] or 0), _WEEKDAYS.index(one[2])) for one in found if one)
    if freq != "MONTHLY" and any(n for n, _ in days):
        raise Invalid(f"BYDAY={text} counts days, which goes with MONTHLY only", where="rule")
    if freq == "YEARLY":
        raise Invalid("BYDAY does not go with YEARLY: say FREQ=MONTHLY with BYMONTH", where="rule")
    return days


def _until(text: str) -> date:
    try:
        return date.fromisoformat(text[:8] if re.fullmatch(r"\d{8}(T\d{6}Z?)?", text) else text)
    except ValueError as error:
        raise Invalid(f"UNTIL={text} is no date like 20271231", where="rule") from error
