"""Who asserts a CI and what each source says of it, each value marked whether it is in effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from cmdb import claims
from cmdb.store import Row
from cmdb.words import Role
from cmdb_graphql.context import readable_by, whole


@readable_by(Role.READER)
@strawberry.type(description="One value that a scope claims.")
class ClaimedValue:
    """A claimed value, whether it is in effect or not."""

    attribute: str = strawberry.field(description="The attribute, or `name`.")
    value: JSON | None = strawberry.field(description="The value; null: that there is none.")
    wins: bool = strawberry.field(description="Whether it is the one in effect.")
    since: int = strawberry.field(description="The journal sequence since which the scope says so.")
    until: str | None = strawberry.field(description="When an override ends, ISO 8601 UTC.")


@readable_by(Role.READER)
@strawberry.type(description="Who asserts a CI, since when, what it says, and how it was identified.")
class Claim:
    """A scope's claim."""

    scope: str = strawberry.field(description="The agent and section, or other source, that asserts it.")
    since: int = strawberry.field(description="The journal sequence since which it does.")
    trace: JSON | None = strawberry.field(description="How the identity was decided, rule by rule.")
    kind: str = strawberry.field(description="What kind of source: agent, person, import or override.")
    values: list[ClaimedValue] = strawberry.field(
        description="What it says, also where another source is believed.",
        metadata=whole("one for each attribute at most"),
    )


def claims_of(row: Row, rows: Sequence[dict[str, Any]]) -> list[Claim]:
    """The claims of a CI with their values, each marked whether it is in effect."""
    cls = rows[0]["known"].classes.get(row["class"]) if rows else None
    if cls is None:  # an extension was removed: who speaks is still known, what was said is not read any more
        return [_claim(one, []) for one in rows]
    current = {name: row[name] for name in ("name", *(a.name for a in cls.attributes)) if row.get(name) is not None}
    known = {one["scope"]: claims.Asserted(None, claims.from_json(one["said"])) for one in rows}
    said = {s: c.said or {} for s, c in claims.explicit(known, current, row["valid_from"]).items()}
    named = {name for entries in said.values() for name in entries}
    values = {name: _kept(row[name]) for name in named if row.get(name) is not None}
    won = claims.in_effect(cls, said, values)

    def valued(scope: str) -> list[ClaimedValue]:
        return [
            ClaimedValue(
                attribute=name, value=cast(Any, list(e.value) if isinstance(e.value, tuple) else e.value),
                wins=won[name] == scope, since=e.since, until=e.until,
            )
            for name, e in sorted(said.get(scope, {}).items())
        ]  # fmt: skip

    return [_claim(one, valued(one["scope"])) for one in rows]


def _kept(value: Any) -> Any:
    """A value of a row as a claim has it."""
    return tuple(value) if isinstance(value, list) else value


def _claim(one: dict[str, Any], values: list[ClaimedValue]) -> Claim:
    kind = claims.kind_of(one["scope"])
    return Claim(scope=one["scope"], since=one["since"], trace=one["trace"], kind=kind, values=values)
