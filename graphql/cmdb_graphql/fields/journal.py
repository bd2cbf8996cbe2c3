"""The journal, newest entry first; to an account kept to a view, what it says of the CIs that are shown."""

from __future__ import annotations

from typing import Any

import strawberry

from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql import narrowed
from cmdb_graphql.context import Info, blocking, question, readable_by
from cmdb_graphql.pages import Connection, fetched, number_of
from cmdb_graphql.types import After, PageInfo, page_size

CHUNK = 50
"""Entries looked at in one round trip for a reader; a first report of a host has a thousand steps."""
MOST_LOOKED_AT = 1_000
"""Entries that one page of a reader looks at."""


@readable_by(Role.READER)
@strawberry.type(description="One entry of the journal: an applied report or command.")
class JournalEntry:
    """A journal entry."""

    seq: int = strawberry.field(description="Its sequence.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    actor: str = strawberry.field(description="Who: an agent or a person.")
    kind: str = strawberry.field(description="What kind of entry it is.")
    summary: str = strawberry.field(description="What it did, in one line; to a reader: to the CIs that are shown.")
    hash: str | None = strawberry.field(
        description="Its hash, which covers the previous entry's; null to a reader: it covers what is not shown."
    )


@question(Role.READER)
async def journal(
    info: Info, first: int = 20, before: int | None = None, after: After = None
) -> Connection[JournalEntry]:
    """The newest entries of the journal, or those before a sequence; `after` goes on where a page ended.

    A reader is told of entries about CIs that are shown. A page looks at 1,000 entries at most: it may have few rows or
    none, and say that more follow.
    """
    size, place = page_size(first), number_of(after, before)
    if info.context.narrowed:
        return await blocking(_shown, info.context.services.store, size, place)
    rows = await blocking(info.context.services.store.journal, size + 1, place)
    return fetched(rows, size, lambda row: JournalEntry(**row), lambda row: str(row["seq"]))


def _shown(store: Store, size: int, before: int | None) -> Connection[JournalEntry]:
    """The page of entries about shown CIs."""
    found: list[JournalEntry] = []
    looked_at = 0
    while looked_at < MOST_LOOKED_AT:
        entries = store.entries_before(before, CHUNK)
        for entry in _told(store, entries):
            if len(found) == size:
                return _page(found, found[-1].seq, more=True)
            found.append(entry)
        if len(entries) < CHUNK:
            return _page(found, found[-1].seq if found else None, more=False)
        before, looked_at = entries[-1]["seq"], looked_at + CHUNK
    return _page(found, before, more=True)


def _page(found: list[JournalEntry], end: int | None, *, more: bool) -> Connection[JournalEntry]:
    return Connection(nodes=found, page_info=PageInfo(has_next_page=more, end_cursor=None if end is None else str(end)))


def _told(store: Store, entries: list[dict[str, Any]]) -> list[JournalEntry]:
    """Those that say something of shown CIs, with what they say of these. At most two round trips."""
    steps = [step for entry in entries for step in entry["ops"]]
    cis, edges = store.known(narrowed.mentioned(steps)), store.known_edges(narrowed.reworded(steps))
    told = []
    for entry in entries:
        if kept := narrowed.journalled(entry["ops"], cis, edges):
            named = {name: entry[name] for name in ("seq", "at", "actor", "kind")}
            told.append(JournalEntry(**named, summary=narrowed.said(kept), hash=None))
    return told
