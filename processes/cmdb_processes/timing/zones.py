"""Local time in a zone as seconds of UTC, with daylight saving's gaps and repeats said plainly. Pure.

Zones come from the machine's database, else from the package `tzdata`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cmdb.errors import Invalid, UnknownName
from cmdb_processes.timing.spans import seconds_of, text

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; UnknownName if there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:  # unknown, a path, a folder
        raise UnknownName(
            f"there is no time zone {name!r}; write one like Europe/Berlin or UTC", where="zone"
        ) from error


def local(at: int, where: str) -> datetime:
    """What the wall clock of a zone shows at a moment, without its zone; Invalid beyond the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(zone(where)).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError) as error:
        raise Invalid(f"{text(at)} reaches beyond the calendar", where="time") from error


def exact(wall: datetime, where: str, what: str = "time", *, offsets: bool = True) -> int:
    """The one moment at which the wall clock of a zone shows `wall`; Invalid if there is none, or if there are two.

    It is about `what`; with `offsets` it tells that a moment with its offset could be written instead.
    """
    early, late = _readings(wall, where)
    if early == late:
        return early
    if early > late:  # the offset grows: the clock jumps over `wall`
        after = local(first(wall, where), where)
        raise Invalid(
            f"{_short(wall)} does not exist in {where}: daylight saving moves the clock on to {_short(after)}; "
            f"write that{', or a moment with its offset' if offsets else ''}",
            where=what,
        )
    if not offsets:
        raise Invalid(
            f"{_short(wall)} happens twice in {where}, as daylight saving ends: write a time that is there once",
            where=what,
        )
    one, two = (f"{_short(wall)}{_offset(wall, where, fold)}" for fold in (0, 1))
    raise Invalid(
        f"{_short(wall)} happens twice in {where}, as daylight saving ends: write {one} for the first or {two} for the "
        f"second",
        where=what,
    )


def first(wall: datetime, where: str) -> int:
    """The first moment at which the wall clock of a zone shows `wall` or later.

    It never fails and never runs backwards, so intervals between wall times stay in order and adjacent ones stay
    adjacent: in a gap it is the moment of the jump; of two it is the first.
    """
    early, late = _readings(wall, where)
    if early <= late:
        return early
    low, high = late, early  # the jump lies in (late, early]: before it the clock shows less than `wall`
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if local(middle, where) >= wall else (middle, high)
    return high


def read(written: str, where: str) -> int:
    """A moment with an offset as it is, a local time in the given zone; Invalid as by `exact`, or if it is no time."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise Invalid(f"{written!r} is no time like 2026-12-01T22:00", where="time") from error
    return seconds_of(found) if found.tzinfo is not None else exact(found, where)


def _readings(wall: datetime, where: str) -> tuple[int, int]:
    """The moment by the offset before and by the offset after a change of clocks; mostly there is none: the same."""
    try:
        return tuple(seconds_of(wall.replace(tzinfo=zone(where), fold=fold)) for fold in (0, 1))  # type: ignore[return-value]
    except OverflowError as error:
        raise Invalid(f"{wall.isoformat()} reaches beyond the calendar", where="time") from error


def _offset(wall: datetime, where: str, fold: int) -> str:
    return wall.replace(tzinfo=zone(where), fold=fold).isoformat()[-6:]


def _short(wall: datetime) -> str:
    return wall.isoformat(timespec="minutes" if not wall.second else "seconds")
