"""GET /calendar.ics: windows, freezes, meetings and changes as a file that calendar programs subscribe to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import Attribute, Download, Principal, Role
from cmdb.words.process import Ask
from cmdb_processes.arrangements import reading
from cmdb_processes.arrangements.book import Book
from cmdb_processes.timing import ics
from cmdb_processes.timing.ics import Event
from cmdb_processes.timing.spans import Span, moment, text
from cmdb_processes.timing.windows import Window

BACK, AHEAD = 30 * 86_400, 366 * 86_400
KINDS = ("changes", "freezes", "windows", "meetings")


def decide(ask: Ask, given: Mapping[str, Any], _who: Principal, now: str) -> str:
    """The file."""
    cis, kinds = tuple(given.get("ci") or ()), tuple(given.get("kind") or KINDS)
    if strange := [kind for kind in kinds if kind not in KINDS]:
        raise Invalid(f"{strange[0]!r} is none of {', '.join(KINDS)}", where="kind")
    if len(cis) > reading.MOST:
        raise Invalid(f"are {len(cis)}, at most {reading.MOST}", where="ci")
    at = moment(now)
    start = moment(given["start"]) if given.get("start") else at - BACK
    horizon = Span(start, moment(given["end"]) if given.get("end") else start + BACK + AHEAD)
    if horizon.seconds > BACK + AHEAD:
        raise Invalid("is more than 13 months: look at less time", where="end")
    wanted = {
        "windows": "maintenanceWindows", "freezes": "freezes", "meetings": "cabMeetings", "changes": "changeRequests",
    }  # fmt: skip
    book = reading.book(ask, cis, [wanted[kind] for kind in dict.fromkeys(kinds)], near=cis)
    return ics.calendar("Epicentre", events(book, horizon, cis), at)


def events(book: Book, horizon: Span, cis: Collection[str] = ()) -> list[Event]:
    """Every occurrence of what is in the book and, when CIs are named, holds for any of them. Pure."""
    found: list[Event] = []
    for one in book.windows:
        if not cis or one.cis & set(cis):
            found += _each(one.number, one.window, "Maintenance", horizon)
    for freeze in book.freezes:
        if not cis or any(freeze.scope.holds(book.about(ci)) for ci in cis):
            found += _each(freeze.number, freeze.window, "Freeze", horizon)
    for meeting in book.meetings:
        if meeting.span.meets(horizon) and meeting.state != "cancelled":
            points = "\n".join(f"{point.number} {point.title}" for point in meeting.agenda)
            found.append(Event(_uid(meeting.number), meeting.span, f"CAB: {meeting.name}", points, "meeting"))
    for change in book.changes:
        if change.span.meets(horizon):
            found.append(Event(_uid(change.number), change.span, f"{change.number}: {change.title}", "", "change"))
    return found


def _each(number: str, window: Window, what: str, horizon: Span) -> list[Event]:
    return [
        Event(_uid(number, span), span, f"{what}: {window.name}", window.why, what.lower(), transparent=True)
        for span in window.within(horizon)
    ]


def _uid(number: str, span: Span | None = None) -> str:
    return f"{number}{'' if span is None else '-' + text(span.start)}@epicentre"


DOWNLOAD = Download(
    name="calendar",
    sentence="Windows, freezes, meetings and changes as a calendar file.",
    path="/calendar.ics",
    media_type="text/calendar",
    arguments=(
        Attribute("ci", "strings", "Only what is about one of these CIs, by id; may be given several times."),
        Attribute("kind", "strings", f"Only these: {', '.join(KINDS)}; may be given several times."),
        Attribute("start", "string", "From when, ISO 8601; 30 days ago, if left out."),
        Attribute("end", "string", "Until when; a year from now, if left out."),
    ),
    decide=decide,
    roles=frozenset({Role.VIEWER}),
)
