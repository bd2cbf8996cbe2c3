"""A record type as a GraphQL object type."""

from __future__ import annotations

from typing import Any

import strawberry

from cmdb.errors import Refused
from cmdb.words import Record, RecordType, Role
from cmdb_graphql.context import Info, readable_by, whole
from cmdb_graphql.generate import AS_STORED, PYTHON
from cmdb_graphql.records.shared import (
    AS_MANY,
    RecordCategory,
    RecordLink,
    RecordLinkConnection,
    RecordNote,
    Transition,
    part_rows,
    part_type,
)
from cmdb_graphql.types import CI, After, First, ended, make, page_size, plain, sentence_of

_TEXTS = {
    "number": "What people call it.",
    "model": "How it is handled.",
    "owner": "Who answers for it.",
    "opened_by": "Who opened it.",
    "opened_at": "When it was opened, ISO 8601 UTC.",
    "state_since": "Since when it is in its state, ISO 8601 UTC.",
    "changed_at": "When it took its last step, ISO 8601 UTC.",
}


def object_type(kind: RecordType) -> Any:
    """The GraphQL type of a record type, with all that its declaration says."""
    body: dict[str, Any] = {"__annotations__": {"record": strawberry.Private[Record]}, "__module__": __name__}
    for name, (python, sentence) in _base(kind).items():
        body["__annotations__"][name] = python
        body[name] = strawberry.field(description=sentence)
    body["__annotations__"] |= {"ci_ids": list[strawberry.ID], "watchers": list[str], "flags": list[str]}
    body["ci_ids"] = strawberry.field(description="The ids of the CIs it is about, sorted.", metadata=AS_MANY)
    body["watchers"] = strawberry.field(description="Who wants to be told when it goes on.", metadata=AS_MANY)
    body["flags"] = strawberry.field(description="What is illegal in its imported history.", metadata=AS_MANY)
    for attribute in kind.attributes:
        body["__annotations__"][attribute.name] = PYTHON[attribute.type] | None
        body[attribute.name] = strawberry.field(description=sentence_of(attribute), default=None, metadata=AS_STORED)
    for part in kind.parts:
        body["__annotations__"][part.name] = list[part_type(part)]  # type: ignore[misc]  # a type made at run time
        body[part.name] = strawberry.field(description=part.sentence, default_factory=list, metadata=AS_MANY)
    body |= _resolved(kind)
    made: type = strawberry.type(type(kind.name, (), body), name=kind.name, description=kind.sentence)
    return readable_by(Role.VIEWER)(made)


def _base(kind: RecordType) -> dict[str, tuple[Any, str]]:
    return {
        "id": (strawberry.ID, "Our id of the record."),
        **{name: (str, sentence) for name, sentence in _TEXTS.items()},
        "state": (str, f"One of {', '.join(kind.states)}."),
        "category": (RecordCategory, "What its state means."),
        "rev": (int, "Rises with every transition."),
        "version": (int, "The version of the model's lifecycle that it was opened under and keeps."),
        "closed_at": (str | None, "When it was done, ISO 8601 UTC."),
        "waiting": (str | None, "The reason for which it waits, if it does."),
    }


def object_of(made: Any, kind: RecordType, record: Record) -> Any:
    """A record as an object of its type."""
    fields = plain({a.name: record.fields.get(a.name) for a in kind.attributes})
    parts = {part.name: part_rows(part, record.part(part.name)) for part in kind.parts}
    base = {n: getattr(record, n) for n in _base(kind) if n != "category"}
    lists = {"ci_ids": list(record.cis), "watchers": list(record.watchers), "flags": list(record.flags)}
    category = RecordCategory(record.category.value)
    return made(record=record, category=category, **base, **lists, **fields, **parts)


def _resolved(kind: RecordType) -> dict[str, Any]:
    """Fields that are looked up when they are asked, for all records of a page together."""

    async def cis(self: Any, info: Info) -> list[CI]:
        rows = await info.context.loaders.ci.load_many(list(self.record.cis))
        return [make(row) for row in rows if row is not None]

    async def history(self: Any, info: Info) -> list[Transition]:
        return [Transition.of(event) for event in await info.context.loaders.histories.load(self.record.id)]

    async def notes(self: Any, info: Info) -> list[RecordNote]:
        found = await info.context.loaders.notes.load(self.record.id)
        return [RecordNote(at=note["at"], by=note["by"], text=note["text"]) for note in found]

    async def links(
        self: Any, info: Info, types: list[str] | None = None, first: First = 50, after: After = None
    ) -> RecordLinkConnection:
        return await _page(info, self.record.id, types, first, after, False)

    async def linked_from(
        self: Any, info: Info, types: list[str] | None = None, first: First = 50, after: After = None
    ) -> RecordLinkConnection:
        return await _page(info, self.record.id, types, first, after, True)

    async def legal(self: Any) -> list[str]:
        try:
            return list(kind.lifecycle(self.record).legal(self.record.state))
        except Refused:  # its lifecycle is gone, so nothing is
            return []

    resolvers: dict[str, tuple[Any, str, str | None]] = {
        "cis": (cis, "The CIs it is about.", "all that were named"),
        "history": (history, "Every transition, in order.", "a record has few"),
        "notes": (notes, "What people noted, in order.", "a record has few"),
        "links": (links, "Its links to CIs and other records; only of some `types`, if given.", None),
        "linked_from": (linked_from, "The links of other records to it.", None),
        "legal": (legal, "What may be done with it now: the stimuli of its lifecycle.", "a state has few"),
    }
    made = {}
    for name, (resolver, sentence, complete) in resolvers.items():
        field = strawberry.field(resolver=resolver, description=sentence, metadata=whole(complete))
        for argument in field.arguments:
            argument.description = argument.description or "Only links of these types."
        made[name] = field
    return made


async def _page(
    info: Info, record: str, types: list[str] | None, first: int, after: str | None, back: bool
) -> RecordLinkConnection:
    size = page_size(first)
    asked = (record, tuple(types) if types is not None else None, size + 1, after, back)
    rows = await info.context.loaders.links.load(asked)
    end = ended(rows, size, lambda row: str(row["key"]))
    return RecordLinkConnection(nodes=[RecordLink.of(row) for row in rows[:size]], page_info=end)
