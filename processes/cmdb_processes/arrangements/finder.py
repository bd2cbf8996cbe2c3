"""The free-slot finder: when could some CIs be worked on, among freezes, windows, other changes and business hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import Attribute, PartType, Principal, Question, Role, Shape
from cmdb.words.process import Ask
from cmdb_processes.arrangements import reading
from cmdb_processes.arrangements.book import Book
from cmdb_processes.timing import slots, zones
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.slots import Busy, Slot
from cmdb_processes.timing.spans import Span, intersect, moment, text, union
from cmdb_processes.timing.windows import duration

_SEEN = "id name class tags"
"""What scopes go by."""
NEAR = f"""
query Near($of: [ID!]!) {{
  impact(of: $of) {{ of {{ {_SEEN} }} items {{ ci {{ id }} degree }} services {{ {_SEEN} }} }}
}}
"""
"""What the work reaches: another change of any of it would be felt twice, and its services have their say."""
DAYS = 30
"""How far it looks if nobody says."""
FARTHEST = 366 * 86_400
MOST = 20
"""Slots that are told at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best slots, or, where nothing is free, those with the fewest blockers."""

    slots: tuple[Slot, ...]
    free: bool

    def sentence(self, where: str) -> str:
        """The first in words, in a time zone."""
        return self.slots[0].sentence(where)


def find(
    book: Book, cis: Collection[str], seconds: int, horizon: Span, busy: Collection[Busy] = (),
    calendars: Collection[Calendar] = (), most: int = 3, ignored: Collection[str] = (),
) -> Found:  # fmt: skip
    """When a work of so many seconds on the CIs could be done. Pure.

    It meets no freeze (but of the numbers `ignored`, say because they may be overridden) and nothing that is `busy`; it
    lies inside a maintenance window of each CI that has any; the fewer business seconds it takes, the better.
    """
    frozen = [one for one in book.freezes_at(horizon, cis) if one.freeze.number not in ignored]
    taken = [*busy, *(Busy(one.span, one.sentence.rpartition(" until ")[0]) for one in frozen)]
    allowed = allowed_in(book, cis, horizon)
    cost = slots.quiet(*calendars) if calendars else None
    best = slots.free(seconds, horizon, taken, allowed, cost, most)
    return Found(best, True) if best else Found(slots.nearest(seconds, horizon, taken, allowed, most), False)


def allowed_in(book: Book, cis: Collection[str], horizon: Span) -> tuple[Span, ...] | None:
    """The times that lie in a maintenance window of each CI that has any; None: none has."""
    allowed: tuple[Span, ...] | None = None
    for windows in book.windows_of(cis).values():
        own = union(span for one in windows for span in one.window.within(horizon))
        allowed = own if allowed is None else intersect(allowed, own)
    return allowed


def decide(ask: Ask, given: Mapping[str, Any], who: Principal, now: str) -> dict[str, Any]:
    """The answer of the question `freeSlots`."""
    cis, zone = tuple(given["cis"]), given.get("zone") or "UTC"
    zones.zone(zone)
    if not 1 <= len(set(cis)) <= reading.MOST:
        raise Invalid(f"name 1 to {reading.MOST} CIs that are worked on", where="cis")
    seconds, horizon, most = duration(given["duration"]), _horizon(given, zone, now), given.get("most") or 3
    if not 1 <= most <= MOST:
        raise Invalid(f"is from 1 to {MOST}", where="most")
    near = reached(ask, cis)
    lists = (*reading.FOR_CIS, "calendars", "changeRequests")
    concerned = [row["id"] for row in near.concerned]
    book = reading.book(ask, concerned, lists, known=near.concerned, near=near.hit)
    busy = planned(book, horizon, given.get("beside") or "")
    chosen = _calendars(book, concerned, given.get("calendars") or ())
    ignored = {f.number for f in book.freezes if given.get("override") and book.may_override(f, who)}
    found = find(book, concerned, seconds, horizon, busy, chosen, most, ignored)
    rows = [
        {
            "start": text(slot.span.start), "end": text(slot.span.end), "sentence": slot.sentence(zone),
            "business_seconds": slot.cost, "blockers": slot.blockers,
        }
        for slot in found.slots
    ]  # fmt: skip
    return {"free": found.free, "slots": rows, "looked_at": f"{text(horizon.start)}/{text(horizon.end)}"}


@dataclass(frozen=True, slots=True)
class Near:
    """The ids of some CIs with all that goes down or is degraded with them, and who has a say: they and services."""

    hit: tuple[str, ...]
    concerned: tuple[Mapping[str, Any], ...]


def reached(ask: Ask, cis: Collection[str]) -> Near:
    """Whom work on the CIs concerns, each as {id name class tags}. One question."""
    answer = ask(NEAR, of=list(cis))["impact"]
    hit = (item["ci"]["id"] for item in answer["items"] if item["degree"] != "UP")
    concerned = {row["id"]: row for row in (*answer["of"], *answer["services"])}
    return Near(tuple(dict.fromkeys((*cis, *hit)))[:MOST_NEAR], tuple(concerned.values()))


MOST_NEAR = 500


def planned(book: Book, horizon: Span, beside: str = "") -> list[Busy]:
    """The open changes that meet the horizon, `beside` one. Pure."""
    open_ = (one for one in book.changes if one.number != beside and one.span.meets(horizon))
    return [Busy(one.span, f"change {one.number} ({one.title})") for one in open_]


def _horizon(given: Mapping[str, Any], zone: str, now: str) -> Span:
    start = zones.read(given["start"], zone) if given.get("start") else moment(now)
    end = zones.read(given["end"], zone) if given.get("end") else start + DAYS * 86_400
    if end - start > FARTHEST:
        raise Invalid("is more than a year: look at less time", where="end")
    return Span(start, end)


def _calendars(book: Book, cis: Collection[str], names: Collection[str]) -> tuple[Calendar, ...]:
    """Those that are named, else those by which the CIs are supported."""
    if strange := [name for name in names if name not in book.calendars]:
        raise Invalid(f"there is no calendar {strange[0]!r}", where="calendars")
    return tuple(book.calendars[name] for name in names) or book.calendars_for(cis)


SLOTS = PartType(
    "slots",
    "FreeSlot",
    "A time in which it could be done.",
    (
        Attribute("start", "datetime", "When it begins, ISO 8601 UTC.", required=True),
        Attribute("end", "datetime", "When it is over, ISO 8601 UTC.", required=True),
        Attribute("sentence", "string", "In words, in the time zone that was asked for.", required=True),
        Attribute("business_seconds", "int", "How much business time it takes.", unit="s", required=True),
        Attribute("blockers", "strings", "What stands in its way: nothing, if any slot is free.", required=True),
    ),
)
QUESTION = Question(
    name="free_slots",
    sentence="When could these CIs be worked on: outside freezes and other changes, inside windows, quietest first.",
    arguments=(
        Attribute("cis", "strings", "The ids of the CIs that are worked on, 1 to 100.", required=True),
        Attribute("duration", "string", "How long it takes: PT2H.", required=True),
        Attribute("start", "string", "Not before this: ISO 8601, without an offset in the zone; now, if left out."),
        Attribute("end", "string", "Over by this, a year later at most; 30 days later, if left out."),
        Attribute("zone", "string", "The time zone of the times said and told; UTC, if left out."),
        Attribute("calendars", "strings", "Names of calendars to disturb least; left out: of who supports the CIs."),
        Attribute("beside", "string", "The number of a change that is looked for anew: it does not block itself."),
        Attribute("override", "boolean", "Whether freezes that who asks may override do not count."),
        Attribute("most", "int", f"How many slots, 1 to {MOST}; 3, if left out."),
    ),
    answer=Shape(
        "FreeSlots",
        "The best slots; where nothing is free, those with the fewest blockers.",
        (
            Attribute("free", "boolean", "Whether any slot is free.", required=True),
            Attribute("looked_at", "string", "The time that was looked at: start/end.", required=True),
        ),
        (SLOTS,),
    ),
    decide=decide,
    roles=frozenset({Role.VIEWER}),
)
