"""Subscriptions: what the journal says as it grows. Each field answers one entry; null means nothing to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import strawberry

from cmdb.classes import catalogue
from cmdb.words import Role
from cmdb_graphql import narrowed
from cmdb_graphql.context import Info, blocking, readable_by, subscription
from cmdb_graphql.fields import impact as blast
from cmdb_graphql.impact_answer import Impact
from cmdb_graphql.types import CI, OfClass, existing, make

SHOWN = 100
"""CIs shown of one entry."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a subscription answers: a journal entry (None: it has just begun), and what it keeps between two."""

    entry: Mapping[str, Any] | None
    memory: dict[str, Any] = field(default_factory=dict)


@readable_by(Role.READER)
@strawberry.type(description="What one journal entry did to the CIs that are watched.")
class CiChange:
    """A change."""

    seq: int = strawberry.field(description="The journal sequence.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    actor: str = strawberry.field(description="Who: an agent or a person.")
    kind: str = strawberry.field(description="What kind of journal entry it is.")
    summary: str = strawberry.field(description="What the whole entry did, to other CIs too.")
    cis: list[CI] = strawberry.field(
        description="Those it made, changed, retired, linked or unlinked, as they are now."
    )
    truncated: str | None = strawberry.field(description="Why not all of them are here, if they are not.")


@subscription(Role.READER, arguments={"of": "The ids of the CIs to watch, 1 to 100; all, if left out."})
async def ci_changed(info: Info, of: list[strawberry.ID] | None = None, class_: OfClass = None) -> CiChange | None:
    """Every journal entry that makes, changes or retires one of these CIs, or opens or closes an edge at it."""
    event = cast(Event, info.root_value)
    if event.entry is None:
        if class_ is not None:
            catalogue().cls(class_)
        if of is not None:
            await existing(info, of)
        return None
    entry = await _told(info, event.entry)
    ids = sorted(_touched(entry) & set(map(str, of)) if of is not None else _touched(entry))
    found = [row for row in await info.context.loaders.ci.load_many(ids[:1000]) if row and _is(row["class"], class_)]
    if not found:
        return None
    named = {name: entry[name] for name in ("seq", "at", "actor", "kind", "summary")}
    more = len(found) > SHOWN or len(ids) > 1000
    return CiChange(
        **named, cis=[make(row) for row in found[:SHOWN]],
        truncated=f"the entry touched more than these {SHOWN}: `diff` shows all" if more else None,
    )  # fmt: skip


async def _told(info: Info, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry as far as it is about CIs that are shown to who asks."""
    if not info.context.narrowed:
        return entry
    about = narrowed.mentioned(entry["ops"])
    steps = narrowed.steps_of(entry["ops"], await blocking(info.context.services.store.known, about))
    return {**entry, "ops": steps, "summary": narrowed.said(steps)}


def _touched(entry: Mapping[str, Any]) -> set[str]:
    """What it made and changed, and both ends of edges it opened and closed."""
    found: set[str] = set()
    for step in entry["ops"]:
        match step["op"]:
            case "create" | "change":
                found.add(step["id"])
            case "open" | "close":
                found |= {step["source"], step.get("target", step["source"])}
    return found


def _is(cls: str, wanted: str | None) -> bool:
    """Whether a class is the one that is wanted, or a kind of it."""
    if wanted is None or cls == wanted:
        return True
    known = catalogue().classes.get(cls)
    return known is not None and known.kind_of is not None and _is(known.kind_of, wanted)


_impact = cast(Any, blast.impact.field.base_resolver).wrapped_func


@subscription(Role.READER, batch=True)
async def impact_changed(info: Info, of: list[strawberry.ID]) -> Impact | None:
    """The blast radius of these CIs, each time it is another one: who is hit, how hard, or by which dependencies."""
    event = cast(Event, info.root_value)
    found: Impact = await _impact(info, of)
    before = event.memory.get("hash")
    event.memory["hash"] = found.hash
    return found if before is not None and before != found.hash else None
