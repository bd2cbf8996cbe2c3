"""What the change advisory board decided of a change, written down on the change itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.errors import Refused
from cmdb.words import Attribute, Decision, PartType, Principal, Record, Value
from cmdb.words.record import Row

Ask = Callable[..., dict[str, Any]]
RULINGS = PartType(
    name="board_rulings",
    type="ChangeRuling",
    sentence="What a change advisory board decided of a change, on which evidence.",
    attributes=(
        Attribute("meeting", "string", "The number of the meeting.", required=True),
        Attribute("decision", "string", "Approve, reject or defer.", required=True),
        Attribute("reason", "string", "Why, in the words of the minutes."),
        Attribute("evidence", "string", "The hash of the evidence that lay on the table."),
        Attribute("by", "string", "Who wrote the minutes.", required=True),
        Attribute("at", "datetime", "When they were written, ISO 8601 UTC.", required=True),
    ),
)
ARGUMENTS = tuple(
    Attribute(one.name, "string", one.sentence, required=one.required) for one in RULINGS.attributes if one.name != "at"
)
_PAST = {"approve": "approved", "reject": "rejected", "defer": "deferred"}


def minute(_ask: Ask, record: Record, given: Mapping[str, Value], _who: Principal, now: str) -> Decision:
    """Keep a ruling: the seats vote as before, but none against what the board said of the same evidence."""
    row: Row = {**{one.name: value for one in ARGUMENTS if (value := given.get(one.name))}, "at": now}
    rows = (*record.part(RULINGS.name), row)
    return Decision(record.state, {}, f"{said(row)}; minuted by {row['by']}", parts={RULINGS.name: rows})


def said(row: Row) -> str:
    """A ruling in words: "deferred by CAB-1: the vendor is away"."""
    because = f": {row['reason']}" if row.get("reason") else ""
    return f"{_PAST.get(str(row['decision']), row['decision'])} by {row['meeting']}{because}"


def check(record: Record) -> None:
    """Refused while the board's last ruling on this very evidence is another than to approve."""
    here = [row for row in record.part(RULINGS.name) if row.get("evidence") == record.fields.get("evidence_hash")]
    if here and here[-1]["decision"] != "approve":
        raise Refused(f"{record.number} was {said(here[-1])}; a later meeting may decide otherwise, or edit it")
