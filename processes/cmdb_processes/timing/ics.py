"""Windows, changes and meetings as an iCalendar file (RFC 5545) that any calendar program subscribes to. Pure.

Every occurrence is written out, in UTC: what is read elsewhere is exactly what we computed, whatever the reader thinks
of daylight saving.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cmdb_processes.timing.spans import Span

_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_NONE = {"Cc", "Cs"}  # control characters and halves of characters


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a calendar; `uid` is the same whenever the same thing is written again."""

    uid: str
    span: Span
    summary: str
    description: str = ""
    category: str = ""
    transparent: bool = False  # does not make people busy


def calendar(name: str, events: Iterable[Event], now: int) -> str:
    """The file, as text with CRLF line ends; the same events at the same moment give the same bytes."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Epicentre//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for event in sorted(events, key=lambda one: (one.span, one.uid)):
        lines += _event(event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(event: Event, now: int) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(event.span.start)}",
        f"DTEND:{_utc(event.span.end)}",
        f"SUMMARY:{_text(event.summary)}",
    ]
    if event.description:
        lines.append(f"DESCRIPTION:{_text(event.description)}")
    if event.category:
        lines.append(f"CATEGORIES:{_text(event.category)}")
    if event.transparent:
        lines.append("TRANSP:TRANSPARENT")
    return [*lines, "END:VEVENT"]


def _text(value: str) -> str:
    """Escaped; what the format has no place for falls away."""
    return "".join(c for c in value if unicodedata.category(c) not in _NONE or c == "\n").translate(_ESCAPED)


def _utc(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> Iterable[str]:
    """Pieces of at most 75 octets, later ones begun with a space; no character is cut in two."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            yield piece
            piece, size = " ", 1
        piece += character
        size += octets
    yield piece
