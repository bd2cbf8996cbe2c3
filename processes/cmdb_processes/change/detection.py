"""Changes that nobody approved, found in the whole estate: looked for by the clock, from where it looked last.

The place in the journal is kept in a record, so that nothing is looked at twice and a restart loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cmdb.errors import Refused
from cmdb.words import (
    Attribute,
    Category,
    Command,
    Decision,
    Effect,
    Model,
    PartType,
    Principal,
    Question,
    Record,
    RecordLifecycle,
    RecordType,
    Role,
    Shape,
    State,
    Step,
    Timer,
    Value,
)
from cmdb.words.process import Ask
from cmdb_processes.change import estate
from cmdb_processes.change.counting import HARDWARE, VERSIONS
from cmdb_processes.change.flapping import NOTHING, learn
from cmdb_processes.change.questions import DETECTION, FOLLOW_UPS, UNAUTHORISED
from cmdb_processes.change.unauthorised import Findings, FollowUp, unauthorised
from cmdb_processes.change.window import over
from cmdb_processes.change.working import OPEN_UNAUTHORISED

EVERY = timedelta(minutes=15)
"""How often the estate is looked at, while discovery sees something."""
A_DAY = 20
"""Follow-ups that are opened in a day; what is found beyond is counted and said."""
SHOWN = 20
"""Sentences that are kept of what opened no follow-up, and rows of a list."""
SELF = "epicentre:change"
"""Who this process acts as by itself."""
_WATCHED = frozenset().union(*HARDWARE.values(), *VERSIONS.values(), {"redundancy"})

_LOOKING, _ENDED = "looking", "ended"
_LIFE = RecordLifecycle(
    states=(State(_LOOKING, Category.IN_PROGRESS), State(_ENDED, Category.DONE, frozen=("*",))),
    initial=_LOOKING,
    steps=(Step(_LOOKING, "end", (_ENDED,)),),
)
RECORD = RecordType(
    name="ChangeDetection",
    plural="change_detections",
    prefix="DET",
    sentence="How far the estate has been looked at for changes that nobody approved.",
    models=(Model("plain", "Looking from where it looked last, until it is switched off.", (_LIFE,)),),
    attributes=(
        Attribute("sequence", "int", "The journal sequence up to which it has looked."),
        Attribute("looked_at", "datetime", "When it looked last, ISO 8601 UTC."),
        Attribute("opened", "int", "Follow-ups it has opened.", unit="changes"),
        Attribute("covered", "int", "Steps that a change in its window accounts for.", unit="steps"),
        Attribute("followed", "int", "Steps that followed from a CI made or retired as a whole.", unit="steps"),
        Attribute("flapping", "int", "Steps of what goes back and forth by itself.", unit="steps"),
        Attribute("unopened", "strings", "What opened no follow-up in the last look, and why, the first of it."),
        Attribute("cut", "strings", "What could not be looked at in the last look."),
    ),
)

_on = False


def choose(on: bool) -> None:
    """Look for unauthorised changes or not: said once, when a server starts."""
    global _on  # noqa: PLW0603  a setting holds for the whole process, as the environment does
    _on = on


# --- the clock -------------------------------------------------------------------------------------------


def _present(ask: Ask) -> Mapping[str, Any] | None:
    nodes = ask(DETECTION)["changeDetections"]["nodes"]
    return nodes[0] if nodes else None


def due(ask: Ask, now: str) -> Iterator[Effect]:
    """Begin, look again, or end, as the setting says. One question, and those of a look when one is due."""
    present = _present(ask)
    if not _on:
        if present is not None:
            yield Effect("end_change_detection", present["number"])
    elif present is None:
        yield Effect("begin_change_detection")
    elif _again(present, now) and estate.differs(ask, int(present["sequence"])):
        yield Effect("detect_changes", present["number"])


def _again(present: Mapping[str, Any], now: str) -> bool:
    return over((datetime.fromisoformat(present["lookedAt"]) + EVERY).isoformat(), now)


def begin(ask: Ask, _record: None, _given: Mapping[str, Value], _who: Principal, now: str) -> Decision:
    """Look from now on: what was there before is nobody's change."""
    if (present := _present(ask)) is not None:
        raise Refused(f"{present['number']} is looking already")
    fields: dict[str, Value] = {
        "sequence": estate.head(ask),
        "looked_at": now,
        "opened": 0,
        "covered": 0,
        "followed": 0,
    }
    return Decision(_LOOKING, fields, f"looking from sequence {fields['sequence']} on")


def end(_ask: Ask, _record: Record, _given: Mapping[str, Value], _who: Principal, _now: str) -> Decision:
    """It was switched off; when it is switched on again, it looks from then on."""
    return Decision(_ENDED, {}, "switched off")


def detect(ask: Ask, record: Record, _given: Mapping[str, Value], _who: Principal, now: str) -> Decision:
    """Look at what discovery saw since, and open a follow-up for each happening that no change accounts for."""
    place = int(str(record.fields["sequence"]))
    to = estate.head(ask)
    looked = estate.look(ask, place, to)
    times = [one.at for one in looked.seen]
    covers, lacking = estate.covers(ask, min(times), max(times)) if times else ((), None)
    known = learn(looked.turns, min(times)) if times else NOTHING
    found = unauthorised(looked.seen, covers, known, _WATCHED)
    chosen = choice(found.follow_ups, _told(ask, now) if found.follow_ups else [])
    fields: dict[str, Value] = {
        "sequence": to,
        "looked_at": now,
        "opened": _more(record, "opened", len(chosen.opened)),
        "covered": _more(record, "covered", found.covered),
        "followed": _more(record, "followed", found.first_sights),
        "flapping": _more(record, "flapping", found.filtered),
        "unopened": chosen.unopened[:SHOWN],
        "cut": (*looked.cut, *([lacking] if lacking else []))[:SHOWN],
    }
    said = _said(place, to, found, chosen)
    return Decision(_LOOKING, fields, said, effects=tuple(map(_effect, chosen.opened)))


def _more(record: Record, name: str, by: int) -> int:
    return int(str(record.fields.get(name) or 0)) + by


def _told(ask: Ask, now: str) -> list[tuple[str, frozenset[str]]]:
    """The follow-ups of the last day: number, and the CIs each is about. One question."""
    since = (datetime.fromisoformat(now) - timedelta(days=1)).isoformat()
    nodes = ask(FOLLOW_UPS, by=SELF, since=since)["changeRequests"]["nodes"]
    return [(node["number"], frozenset(ci["id"] for ci in node["cis"])) for node in nodes]


def _said(place: int, to: int, found: Findings, chosen: Choice) -> str:
    said = f"looked at sequences {place + 1} to {to}: {len(chosen.opened)} opened"
    counted = (
        (found.covered, "steps of changes"), (found.filtered, "of what flaps"), (len(chosen.unopened), "not opened"),
    )  # fmt: skip
    return said + "".join(f", {count} {what}" for count, what in counted if count)


# --- which of them are opened ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """What is opened, and what is not, each with why."""

    opened: tuple[FollowUp, ...]
    unopened: tuple[str, ...]


def choice(found: Sequence[FollowUp], told: Sequence[tuple[str, frozenset[str]]]) -> Choice:
    """One for each CI, with all that is inside of it, and day; no more than A_DAY in all."""
    about = {ci: number for number, cis in told for ci in cis}
    opened: list[FollowUp] = []
    unopened: list[str] = []
    for one in found:
        said = one.title.removeprefix("Unauthorised change: ")
        known = next((about[ci] for ci in _about(one) if ci in about), None)
        if known is not None:
            unopened.append(f"{said}: {known or 'the one just opened'} of the last day is about the same CI")
        elif len(told) + len(opened) >= A_DAY:
            unopened.append(f"{said}: {A_DAY} follow-ups were opened in the last day, and no more are")
        else:
            opened.append(one)
            about |= dict.fromkeys(_about(one), "")
    return Choice(tuple(opened), tuple(unopened))


def _about(one: FollowUp) -> tuple[str, ...]:
    """The CI as a whole first, then its parts."""
    whole = () if one.source == estate.MADE_NEW else (one.source,)
    return tuple(dict.fromkeys((*whole, *one.cis)))


def _effect(one: FollowUp) -> Effect:
    reason = f"seen by discovery at {one.at.isoformat()}, and planned by no change: {'; '.join(one.sentences)}"
    arguments: dict[str, Value] = {"title": _short(one.title, 200), "reason": _short(reason, 10_000)}
    return Effect(OPEN_UNAUTHORISED, None, arguments, _about(one)[:100], as_process=True)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# --- what is declared ------------------------------------------------------------------------------------


def _command(name: str, sentence: str, decide: Any, stimulus: str | None = None, opens: bool = False) -> Command:
    nobody: frozenset[Role] = frozenset()
    return Command(
        name, sentence, RECORD.name, (), nobody, opens, decide, stimulus, system=True, cis_optional=opens
    )  # fmt: skip


COMMANDS = (
    _command("begin_change_detection", "Look for changes that nobody approved from now on.", begin, opens=True),
    _command("detect_changes", "Look at what discovery saw since, and open what nobody approved.", detect),
    _command("end_change_detection", "Look for changes that nobody approved no more.", end, "end"),
)
TIMERS = (Timer("unauthorised", "What discovery saw and no change planned opens a follow-up.", due),)


def found(ask: Ask, given: Mapping[str, Any], _who: Principal, _now: str) -> Mapping[str, Any]:
    """The answer of `unauthorisedChanges`. Two questions."""
    first = min(max(int(given.get("first") or SHOWN), 1), 100)
    rows = ask(UNAUTHORISED, by=SELF, first=first)["changeRequests"]["nodes"]
    present = _present(ask) or {}
    return {
        "on": _on,
        "sequence": present.get("sequence"),
        "looked_at": present.get("lookedAt"),
        "opened": present.get("opened"),
        "covered": present.get("covered"),
        "flapping": present.get("flapping"),
        "unopened": tuple(present.get("unopened") or ()),
        "cut": tuple(present.get("cut") or ()),
        "follow_ups": [
            {
                "number": row["number"], "title": row["title"], "state": row["state"], "reason": row["reason"],
                "opened_at": row["openedAt"], "cis": tuple(ci["id"] for ci in row["cis"]),
            }
            for row in rows
        ],
    }  # fmt: skip


QUESTION = Question(
    name="unauthorised_changes",
    sentence="The follow-ups for what discovery saw and nobody had approved, newest first, and how far was looked.",
    arguments=(Attribute("first", "int", "At most this many, 1 to 100; 20, if left out."),),
    answer=Shape(
        "UnauthorisedChanges",
        "What discovery saw and nobody had approved.",
        (
            Attribute("on", "boolean", "Whether the whole estate is looked at.", required=True),
            Attribute("sequence", "int", "The journal sequence up to which it was looked at."),
            Attribute("looked_at", "datetime", "When it was looked at last, ISO 8601 UTC."),
            Attribute("opened", "int", "How many follow-ups that opened in all."),
            Attribute("covered", "int", "How many steps a change in its window accounted for."),
            Attribute("flapping", "int", "How many steps were of what goes back and forth by itself."),
            Attribute("unopened", "strings", "What the last look found and opened no follow-up for, and why."),
            Attribute("cut", "strings", "What the last look could not take in."),
        ),
        (
            PartType(
                name="follow_ups",
                type="UnauthorisedChange",
                sentence="One follow-up for what nobody had approved.",
                attributes=(
                    Attribute("number", "string", "The change that was opened.", required=True),
                    Attribute("title", "string", "What was seen, in one line."),
                    Attribute("state", "string", "How far it is.", required=True),
                    Attribute("reason", "string", "Everything that was seen, and when."),
                    Attribute("opened_at", "datetime", "When it was opened, ISO 8601 UTC.", required=True),
                    Attribute("cis", "strings", "The ids of the CIs it was seen at."),
                ),
            ),
        ),
    ),
    decide=found,
    roles=frozenset({Role.READER}),
)
