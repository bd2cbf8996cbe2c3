"""The GraphQL types that records of every process share."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

import strawberry

from cmdb import ingest
from cmdb.words import PartType, Role, Wanted
from cmdb_graphql.context import Info, camel, computed, readable_by, whole
from cmdb_graphql.generate import AS_STORED, PYTHON
from cmdb_graphql.types import CI, PageInfo, make, plain, sentence_of


@strawberry.enum(description="What a state means, whatever its name.")
class RecordCategory(Enum):
    """As `cmdb.words.Category`."""

    TO_DO = strawberry.enum_value("to do", description="Nobody has begun.")
    IN_PROGRESS = strawberry.enum_value("in progress", description="Somebody works on it.")
    WAITING = strawberry.enum_value("waiting", description="It waits, for a reason that is named.")
    DONE = strawberry.enum_value("done", description="Nothing is left to be done.")


@strawberry.enum(description="The order of a list of records.")
class RecordOrder(Enum):
    """As `cmdb.cypher.records.ORDERS`."""

    NEWEST = strawberry.enum_value("NEWEST", description="The highest number first.")
    OLDEST = strawberry.enum_value("OLDEST", description="The lowest number first.")
    CHANGED = strawberry.enum_value("CHANGED", description="What took a step last first.")


_WORDS: Mapping[str, tuple[Any, str]] = {
    "states": (list[str], "In one of these states."),
    "categories": (list[RecordCategory], "In a state of one of these categories."),
    "owner": (str, "Owned by this account."),
    "opened_by": (str, "Opened by this account."),
    "model": (str, "Handled by this model."),
    "cis": (list[strawberry.ID], "About any of these CIs."),
    "opened_from": (str, "Opened at or after this time, ISO 8601."),
    "opened_before": (str, "Opened before this time."),
    "closed_from": (str, "Closed at or after this time."),
    "closed_before": (str, "Closed before this time."),
    "state_before": (str, "In its present state since before this time."),
    "text": (str, "Every word of this occurs in one of its texts, in whatever case."),
    "event_key": (str, "Opened by events of this key: of what made them the same thing."),
}
_TIMES = frozenset({"opened_from", "opened_before", "closed_from", "closed_before", "state_before"})


def _filter() -> Any:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for name, (python, sentence) in _WORDS.items():
        body["__annotations__"][name] = python | None
        body[name] = strawberry.field(description=sentence, default=None)
    return strawberry.input(type("RecordFilter", (), body), description="Which records; all given parts must hold.")


RecordFilter: Any = _filter()


def wanted(given: Any, state: str | None) -> Wanted:
    """What a filter and the `state` argument ask for."""
    values: dict[str, Any] = {}
    for name in _WORDS:
        value = getattr(given, name, None)
        if value is None:
            continue
        if name in _TIMES:
            value = ingest.moment(value, camel(name))
        values[name] = tuple(getattr(v, "value", str(v)) for v in value) if isinstance(value, list) else value
    if state is not None:
        values["states"] = (state,)
    return Wanted(**values)


@readable_by(Role.VIEWER)
@strawberry.type(description="One step in a record's history; never edited.")
class Transition:
    """A history entry."""

    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    by: str = strawberry.field(description="Who.")
    command: str = strawberry.field(description="By which command.")
    from_state: str | None = strawberry.field(description="The state before; null when it was opened.")
    to_state: str = strawberry.field(description="The state after.")
    to_category: RecordCategory | None = strawberry.field(description="What the state after means.")
    reason: str = strawberry.field(description="Why, in one line.")
    waiting: str | None = strawberry.field(description="The reason for which it waits after it.")
    pauses: bool = strawberry.field(description="Whether clocks stand still after it.")
    owner: str | None = strawberry.field(description="Who owns it after it.")
    flag: str | None = strawberry.field(description="Why this step is illegal, if it is: only imported ones are.")

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Transition:
        """From its stored form."""
        named: dict[str, Any] = {n: event.get(n) for n in ("from_state", "waiting", "owner", "flag")}
        always: dict[str, Any] = {n: event[n] for n in ("at", "by", "command", "to_state", "reason")}
        category = event.get("to_category")
        return cls(
            **always, **named, pauses=bool(event.get("pauses")),
            to_category=None if category is None else RecordCategory(category),
        )  # fmt: skip


@readable_by(Role.VIEWER)
@strawberry.type(description="A note on a record; never edited.")
class RecordNote:
    """A note."""

    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    by: str = strawberry.field(description="Who.")
    text: str = strawberry.field(description="What it says.")


@readable_by(Role.VIEWER)
@strawberry.type(description="The other end of a link: a record of any process, in short.")
class LinkedRecord:
    """A record in short."""

    number: str = strawberry.field(description="What people call it.")
    type: str = strawberry.field(description="What kind of record it is.")
    state: str = strawberry.field(description="Its state.")
    category: RecordCategory = strawberry.field(description="What its state means.")
    owner: str = strawberry.field(description="Who owns it.")


@readable_by(Role.VIEWER)
@strawberry.type(description="A typed link of a record to a CI or to another record.")
class RecordLink:
    """A link."""

    row: strawberry.Private[Mapping[str, Any]]
    type: str = strawberry.field(description="What the link says, such as CAUSED_BY.")
    at: str | None = strawberry.field(description="Since when, ISO 8601 UTC; null for AFFECTS.")
    by: str | None = strawberry.field(description="Who said so; null for AFFECTS.")
    record: LinkedRecord | None = strawberry.field(description="The other record, if it is one.")

    @computed("The CI at the other end, if it is one.")
    async def ci(self, info: Info) -> CI | None:
        """As it is now."""
        row = await info.context.loaders.ci.load(self.row["to"]) if self.row["ci"] else None
        return None if row is None else make(row)

    @computed("The CIs on the way to it, of a computed link.", complete="the way as it was computed")
    async def path(self, info: Info) -> list[CI]:
        """As they are now."""
        rows = await info.context.loaders.ci.load_many(list(self.row["path"]))
        return [make(row) for row in rows if row is not None]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> RecordLink:
        """From its stored form."""
        other = None
        if not row["ci"]:
            other = LinkedRecord(**{**row["record"], "category": RecordCategory(row["record"]["category"])})
        return cls(row=row, type=row["type"], at=row["at"], by=row["by"], record=other)


@readable_by(Role.VIEWER)
@strawberry.type(description="A page of a record's links.")
class RecordLinkConnection:
    """A page of links."""

    nodes: list[RecordLink] = strawberry.field(description="The links of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@cache
def part_type(part: PartType) -> Any:
    """The object type of a part's rows; records that declare the same part share it."""
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for attribute in part.attributes:
        python = PYTHON[attribute.type]
        body["__annotations__"][attribute.name] = python if attribute.required else python | None
        body[attribute.name] = strawberry.field(description=sentence_of(attribute), metadata=AS_STORED)
    made: type = strawberry.type(type(part.type, (), body), name=part.type, description=part.sentence)
    return readable_by(Role.VIEWER)(made)


@cache
def part_input(part: PartType) -> Any:
    """The same as an input."""
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for attribute in sorted(part.attributes, key=lambda a: not a.required):
        python = PYTHON[attribute.type]
        body["__annotations__"][attribute.name] = python if attribute.required else python | None
        default: dict[str, Any] = {} if attribute.required else {"default": None}
        body[attribute.name] = strawberry.field(description=sentence_of(attribute), **default)
    name = f"{part.type}Input"
    return strawberry.input(type(name, (), body), name=name, description=part.sentence)


def part_rows(part: PartType, rows: Any) -> list[Any]:
    """Stored rows as objects."""
    made, names = part_type(part), [attribute.name for attribute in part.attributes]
    return [made(**plain({name: row.get(name) for name in names})) for row in rows]


def given_rows(part: PartType, objects: Any) -> tuple[dict[str, Any], ...]:
    """Input objects as rows."""
    names = [attribute.name for attribute in part.attributes]
    return tuple({name: _value(getattr(one, name)) for name in names} for one in objects)


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


AS_MANY = whole("as many as it has")
