"""Subscription: the steps of process records, as the journal grows."""

from __future__ import annotations

from typing import cast

import strawberry

from cmdb.words import Role
from cmdb_graphql.context import Info, readable_by, subscription, whole
from cmdb_graphql.fields.changes import Event
from cmdb_graphql.records.shared import Transition


@readable_by(Role.VIEWER)
@strawberry.type(description="A step of a record.")
class RecordStep:
    """One step."""

    number: str = strawberry.field(description="The record.")
    type: str = strawberry.field(description="What kind of record it is.")
    step: Transition = strawberry.field(description="What it did.")


@readable_by(Role.VIEWER)
@strawberry.type(description="What one journal entry did to the records that are watched.")
class RecordsMoved:
    """The steps of an entry."""

    seq: int = strawberry.field(description="The journal sequence.")
    steps: list[RecordStep] = strawberry.field(
        description="The steps, in order.", metadata=whole("an entry has one, or the few of an import")
    )


@subscription(
    Role.VIEWER,
    arguments={
        "type": "Only records of this type, such as ChangeRequest.",
        "numbers": "Only these records; all, if left out.",
    },
)
async def record_moved(
    info: Info, type: str | None = None, numbers: list[str] | None = None  # noqa: A002  # the schema's word
) -> RecordsMoved | None:  # fmt: skip
    """Every step of these records: opened, moved on, noted, closed."""
    entry = cast(Event, info.root_value).entry
    if entry is None:
        return None
    found = [
        RecordStep(number=step["number"], type=step["set"]["type"], step=Transition.of(step["event"]))
        for step in entry["ops"]
        if step["op"] == "record"
        and type in {None, step["set"]["type"]}
        and (numbers is None or step["number"] in numbers)
    ]
    return RecordsMoved(seq=entry["seq"], steps=found) if found else None
