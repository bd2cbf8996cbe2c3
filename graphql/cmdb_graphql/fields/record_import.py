"""Records of other systems, taken over with their history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb import ingest
from cmdb.applier import utc_now
from cmdb.errors import Invalid, UnknownName
from cmdb.records import imported
from cmdb.words import Category, Record, RecordType, Role
from cmdb_graphql.context import Info, blocking, command, readable_by, snake, whole

_STEP = ("at", "by", "to_state")


@readable_by(Role.VIEWER)
@strawberry.type(description="A record that was taken over.")
class ImportedRecord:
    """What became of it."""

    number: str = strawberry.field(description="Its number here.")
    state: str = strawberry.field(description="Its state.")
    flags: list[str] = strawberry.field(
        description="What is illegal in its history, which is kept as it is.", metadata=whole("one a step at most")
    )


@command(
    Role.ADMIN,
    arguments={
        "type": "The record type, such as ChangeRequest.",
        "history": "Its steps, oldest first: at, by, fromState, toState, and perhaps reason, command and waiting.",
        "fields": "Values by field.",
        "model": "How it is handled; the first declared model, if left out.",
        "owner": "Who answers for it; who imports it, if left out.",
        "closedAt": "When it was done, if it was; else the time of the step that ended it.",
    },
)
async def import_record(
    info: Info, type: str, history: JSON, fields: JSON | None = None, cis: list[strawberry.ID] | None = None,  # noqa: A002
    model: str | None = None, owner: str | None = None, closed_at: str | None = None,
) -> ImportedRecord:  # fmt: skip
    """Take over a record of another system with its history. Illegal steps are kept and flagged, never dropped."""
    who, now = info.context.principal.name, utc_now()
    kind = _kind(info, type)
    given = Record(
        "", "", kind.name, "", 0, who, now, tuple(sorted({str(ci) for ci in cis or ()})), _values(kind, fields),
        owner=owner or "", model=model or "", category=Category.TO_DO,
        closed_at=None if closed_at is None else ingest.moment(closed_at, "closedAt"),
    )  # fmt: skip
    move = imported(kind, given, _steps(history), who, now)
    record = await blocking(info.context.services.store.move, move, now)
    return ImportedRecord(number=record.number, state=record.state, flags=list(record.flags))


def _kind(info: Info, name: str) -> RecordType:
    kinds = {kind.name: kind for process in info.context.services.processes.values() for kind in process.records}
    if name not in kinds:
        raise UnknownName(f"there is no record type {name!r}; known are {', '.join(sorted(kinds))}", where="type")
    return kinds[name]


def _values(kind: RecordType, given: Any) -> dict[str, Any]:
    """Values of declared fields, each of its type."""
    if given is not None and not isinstance(given, dict):
        raise Invalid("expected an object of values by field", where="fields")
    named = {snake(name): value for name, value in (given or {}).items()}
    known = {attribute.name: attribute for attribute in kind.attributes}
    if strange := sorted(set(named) - set(known)):
        raise UnknownName(f"a {kind.name} has no field {strange[0]!r}", where="fields")
    return {name: ingest.checked_value(known[name], value, f"fields.{name}") for name, value in named.items()}


def _steps(given: Any) -> list[Mapping[str, Any]]:
    if not isinstance(given, list) or not 1 <= len(given) <= 1000:
        raise Invalid("expected 1 to 1000 steps", where="history")
    return [_step(step, f"history[{n}]") for n, step in enumerate(given)]


def _step(given: Any, where: str) -> dict[str, Any]:
    named = {snake(name): value for name, value in given.items()} if isinstance(given, dict) else {}
    texts = {name: named.get(name) for name in (*_STEP, "from_state", "reason", "command", "waiting")}
    for name, value in texts.items():
        if (value is None and name in _STEP) or not isinstance(value, str | None) or len(value or "") > 1000:
            raise Invalid(f"{name} is no text", where=where)
    found = {name: value for name, value in texts.items() if value is not None or name == "from_state"}
    return {"reason": "", **found, "at": ingest.moment(texts["at"], f"{where}.at")}
