"""What people may do with every record, whatever its process: add a note, watch it, watch it no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.words import Attribute, Command, Decision, Principal, Record, RecordType
from cmdb_graphql.context import snake

Decide = Callable[[Any, Record, Mapping[str, Any], Principal, str], Decision]


def commands_of(kind: RecordType) -> tuple[Command, ...]:
    """The commands that a record type has by being one: note_incident, watch_incident, unwatch_incident."""
    name, text = (
        snake(kind.name[0].lower() + kind.name[1:]),
        Attribute("text", "string", "What to note.", required=True),
    )
    known: tuple[tuple[str, str, tuple[Attribute, ...], Decide], ...] = (
        ("note", f"Add a note to a {kind.name}; notes are never edited.", (text,), _note),
        ("watch", f"Be told when a {kind.name} goes on.", (), _watch),
        ("unwatch", f"Be told no more when a {kind.name} goes on.", (), _unwatch),
    )
    return tuple(
        Command(f"{verb}_{name}", sentence, kind.name, arguments, kind.noted_by, opens=False, decide=decide)
        for verb, sentence, arguments, decide in known
    )


def _note(_ask: Any, record: Record, given: Mapping[str, Any], _who: Principal, _now: str) -> Decision:
    return Decision(record.state, {}, "noted", note=str(given["text"]))


def _watch(_ask: Any, record: Record, _given: Mapping[str, Any], who: Principal, _now: str) -> Decision:
    return Decision(record.state, {}, f"{who.name} watches", watchers=(*record.watchers, who.name))


def _unwatch(_ask: Any, record: Record, _given: Mapping[str, Any], who: Principal, _now: str) -> Decision:
    kept = tuple(name for name in record.watchers if name != who.name)
    return Decision(record.state, {}, f"{who.name} watches no more", watchers=kept)
