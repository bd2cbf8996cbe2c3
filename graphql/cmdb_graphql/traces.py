"""Why a CI is one CI, as GraphQL shows it: the rule that decided, what was compared, and what people said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb.classes import catalogue
from cmdb.store import Row
from cmdb.words import Role
from cmdb_graphql import narrowed
from cmdb_graphql.context import Info, readable_by, whole

KEPT = whole("as the decision was kept")


@readable_by(Role.READER)
@strawberry.type(description="One identity rule as it was tried.")
class IdentityStep:
    """A step."""

    rule: str = strawberry.field(description="The rule's name.")
    keys: JSON = strawberry.field(description="What it looked for, normalised.")
    hits: list[str] = strawberry.field(description="The ids of the CIs that had the same.", metadata=KEPT)
    result: str = strawberry.field(description="What came of it.")


@readable_by(Role.READER)
@strawberry.type(description="A key that was not used for identity.")
class RefusedKey:
    """A refused key."""

    key: str = strawberry.field(description="The attribute.")
    value: str = strawberry.field(description="Its value as it was reported.")
    reason: str = strawberry.field(description="Why it does not tell one thing from another.")


@readable_by(Role.READER)
@strawberry.type(description="Another CI that a person said is the same thing.")
class MergedCi:
    """A merge that holds."""

    id: strawberry.ID = strawberry.field(description="The id of the CI that was merged away; `splitCi` takes it back.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    by: str = strawberry.field(description="Who said so.")
    reason: str = strawberry.field(description="Why.")


@readable_by(Role.READER)
@strawberry.type(description="Why a CI is one CI.")
class IdentityTrace:
    """A trace."""

    outcome: str = strawberry.field(description="match or new.")
    reason: str = strawberry.field(description="Why, in one line.")
    rule: str | None = strawberry.field(description="The rule that decided; null when nothing known fitted.")
    keys: JSON = strawberry.field(description="What was fit to be compared, normalised.")
    steps: list[IdentityStep] = strawberry.field(
        description="Every rule that was tried, strongest first.", metadata=KEPT
    )
    candidates: list[str] = strawberry.field(
        description="The ids of the CIs that it was compared with and that fitted.", metadata=KEPT
    )
    refused: list[RefusedKey] = strawberry.field(description="Keys that were not used, with the reason.", metadata=KEPT)
    source: str | None = strawberry.field(description="The agent or other source it was decided for.")
    since: int | None = strawberry.field(description="The journal sequence of the decision.")
    merged: list[MergedCi] = strawberry.field(
        description="What people said is the same thing.", metadata=whole("each was said by a person")
    )


def identity_traces(row: Row, found: Mapping[str, Any]) -> list[IdentityTrace]:
    """The decisions that made this one CI, oldest first; what lives inside another is known by its place there."""
    merged = [MergedCi(id=strawberry.ID(ci), at=at, by=by, reason=why) for ci, at, by, why in found["merges"]]
    decisions = sorted(found["traces"], key=lambda one: (one["since"], one["scope"])) or [_by_place(row)]
    return [_trace(one, merged) for one in decisions]


async def narrowed_traces(info: Info, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """As `identity_traces` takes them; to who is kept to a view nothing of CIs it does not show. One round trip."""
    if not info.context.narrowed:
        return found
    losers = {ci for ci, *_ in found["merges"]}
    shown = await _shown(info, narrowed.compared(one["trace"] for one in found["traces"]) | losers)
    return {"traces": _cut(found["traces"], shown), "merges": [one for one in found["merges"] if one[0] in shown]}


async def narrowed_claims(info: Info, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Claims of a CI with the traces they hold, likewise."""
    if not info.context.narrowed:
        return rows
    return _cut(rows, await _shown(info, narrowed.compared(one["trace"] for one in rows)))


async def _shown(info: Info, cis: Iterable[str]) -> set[str]:
    rows = await info.context.loaders.ci.load_many(sorted(cis))
    return {row["id"] for row in rows if row is not None}


def _cut(rows: Iterable[dict[str, Any]], shown: set[str]) -> list[dict[str, Any]]:
    return [{**one, "trace": one["trace"] and narrowed.trace_of(one["trace"], shown)} for one in rows]


def _by_place(row: Row) -> dict[str, Any]:
    cls = catalogue().classes.get(row["class"])
    rule = cls.identity[0].name if cls else "a class that is no longer declared"
    keys = {"parent": row.get("parent"), "key": row["key"]}
    trace = {"outcome": "match", "reason": f"recognised by {rule}", "rule": rule, "keys": keys}
    return {"scope": None, "since": None, "trace": trace}


def _trace(one: Mapping[str, Any], merged: list[MergedCi]) -> IdentityTrace:
    trace = one["trace"]
    return IdentityTrace(
        outcome=trace["outcome"], reason=trace["reason"], rule=trace.get("rule"), keys=trace.get("keys", {}),
        steps=[IdentityStep(**step) for step in trace.get("steps", ())], candidates=trace.get("candidates", []),
        refused=[RefusedKey(**key) for key in trace.get("refused", ())], source=one["scope"], since=one["since"],
        merged=merged,
    )  # fmt: skip
