"""The past: what a CI was, what became of it, and what differs between two moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from cmdb import history as lives
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.store import Entry, Row
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, camel, question, readable_by, whole
from cmdb_graphql.moment import AsOf, Moment, pinned, spanned
from cmdb_graphql.types import OfClass, PageInfo, existing, page_size

EDGES = 100
"""Edges shown of one step; how many there were is said beside them."""
VALUES = whole("one for each attribute at most")
COUNTED = whole("`edgeCount` beside it says how many there are")


@readable_by(Role.READER)
@strawberry.type(description="A CI as it was at a moment.")
class PastCI:
    """A state."""

    id: strawberry.ID = strawberry.field(description="Our id of the CI.")
    class_: str = strawberry.field(name="class", description="The name of its class.")
    name: str = strawberry.field(description="What it was called.")
    status: str = strawberry.field(description="live or retired, then.")
    rev: int = strawberry.field(description="Its revision then.")
    key: str = strawberry.field(description="Its local key inside its parent.")
    parent: strawberry.ID | None = strawberry.field(description="The id of the CI it was inside of.")
    since: int = strawberry.field(description="The journal sequence at which this state began.")
    attributes: JSON = strawberry.field(description="Its attributes then, by name.")


@readable_by(Role.READER)
@strawberry.type(description="A value that changed.")
class ValueChange:
    """A value before and after."""

    attribute: str = strawberry.field(description="The attribute, or name, status, parent and the like.")
    before: JSON | None = strawberry.field(description="The value before; null: none.")
    after: JSON | None = strawberry.field(description="The value after; null: none.")


@readable_by(Role.READER)
@strawberry.type(description="An edge that was opened or closed.")
class EdgeChange:
    """An edge."""

    id: strawberry.ID = strawberry.field(description="Our id of the edge.")
    type: str = strawberry.field(description="The relation's name.")
    from_: strawberry.ID = strawberry.field(name="from", description="The id of the dependent.")
    to: strawberry.ID = strawberry.field(description="The id of the dependency.")
    opened: bool = strawberry.field(description="Whether it was opened (true) or closed.")


@readable_by(Role.READER)
@strawberry.type(description="One step in the history of a CI.")
class HistoryEntry:
    """A step."""

    seq: int = strawberry.field(description="The journal sequence.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    actor: str = strawberry.field(description="Who: an agent or a person.")
    kind: str = strawberry.field(description="What kind of journal entry it was.")
    summary: str = strawberry.field(description="What the whole entry did, to other CIs too.")
    what: str = strawberry.field(description="created, changed, retired, revived or linked.")
    values: list[ValueChange] = strawberry.field(description="Values that changed.", metadata=VALUES)
    edges: list[EdgeChange] = strawberry.field(
        description="Edges that were opened or closed, the first 100.", metadata=COUNTED
    )
    edge_count: int = strawberry.field(description="How many such edges there are in all.")


@readable_by(Role.READER)
@strawberry.type(description="A page of a CI's history, newest first.")
class HistoryConnection:
    """A page."""

    nodes: list[HistoryEntry] = strawberry.field(description="The steps.")
    before: int | None = strawberry.field(description="Give this as `before` for the next page; null at the end.")


@readable_by(Role.READER)
@strawberry.type(description="What became of one CI between two moments.")
class Difference:
    """A CI's difference."""

    ci: strawberry.ID = strawberry.field(description="Our id of the CI.")
    class_: str = strawberry.field(name="class", description="The name of its class.")
    name: str = strawberry.field(description="What it was called at the later moment.")
    what: str = strawberry.field(description="created, changed, retired, revived or linked (only its edges).")
    values: list[ValueChange] = strawberry.field(description="Values that differ.", metadata=VALUES)
    edges: list[EdgeChange] = strawberry.field(
        description="Edges there at one of the moments only, the first 100.", metadata=COUNTED
    )
    edge_count: int = strawberry.field(description="How many such edges there are in all.")


@readable_by(Role.READER)
@strawberry.type(description="A page of what differs between two moments, by CI id.")
class DifferenceConnection:
    """A page."""

    from_: int = strawberry.field(name="from", description="The journal sequence of the earlier moment.")
    to: int = strawberry.field(description="The journal sequence of the later moment.")
    nodes: list[Difference] = strawberry.field(description="What became of each CI.")
    page_info: PageInfo = strawberry.field(description="Where this page ends.")


def _shown(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _values(change: lives.Change) -> list[ValueChange]:
    return [
        ValueChange(
            attribute=camel(one.attribute), before=cast(JSON, _shown(one.before)), after=cast(JSON, _shown(one.after))
        )
        for one in change.attributes
    ]


def _edges(change: lives.Change) -> list[EdgeChange]:
    found = [
        EdgeChange(
            id=strawberry.ID(e.id), type=e.type, from_=strawberry.ID(e.source), to=strawberry.ID(e.target),
            opened=opened,
        )
        for opened, edges in ((True, change.opened), (False, change.closed))
        for e in edges[:EDGES]
    ]  # fmt: skip
    return found[:EDGES]


def _edge_count(change: lives.Change) -> int:
    return len(change.opened) + len(change.closed)


def _past(row: Row) -> PastCI:
    cls = catalogue().classes.get(row["class"])
    names = [a.name for a in cls.attributes] if cls else []
    attributes = {camel(name): _shown(row[name]) for name in names if row.get(name) is not None}
    parent = row.get("parent")
    return PastCI(
        id=strawberry.ID(row["id"]), class_=row["class"], name=row["name"], status=row["status"], rev=row["rev"],
        key=row["key"], parent=None if parent is None else strawberry.ID(parent), since=row["valid_from"],
        attributes=cast(JSON, attributes),
    )  # fmt: skip


def _entry(one: Entry, *, whole: bool) -> HistoryEntry:
    # The summary tells of other CIs too: who is kept to a view is told what became of this one.
    return HistoryEntry(
        seq=one.seq, at=one.at, actor=one.actor, kind=one.kind, summary=one.summary if whole else one.change.what,
        what=one.change.what,
        values=_values(one.change), edges=_edges(one.change),
        edge_count=_edge_count(one.change),
    )  # fmt: skip


@question(Role.READER, arguments={"of": "The ids of the CIs, 1 to 100."}, complete="one for each CI that is named")
async def past_cis(info: Info, of: list[strawberry.ID], as_of: AsOf = None) -> list[PastCI]:
    """These CIs as they were at a moment, retired ones too; those not known then are left out."""
    ids, at = await existing(info, of), await pinned(info, as_of)
    store = info.context.services.store
    found = await blocking(store.states, ids, at if at is not None else await blocking(store.sequence))
    return [_past(found[ci]) for ci in ids if ci in found]


@question(Role.READER)
async def history(info: Info, id: strawberry.ID, first: int = 20, before: int | None = None) -> HistoryConnection:  # noqa: A002
    """What became of a CI, newest first: its values, and the edges that touch it."""
    (ci,) = await existing(info, [id], "id")
    size = page_size(first)
    found = await blocking(info.context.services.store.history_of, ci, size + 1, before)
    shown, more, whole = found[:size], len(found) > size, info.context.principal.view is None
    return HistoryConnection(nodes=[_entry(one, whole=whole) for one in shown], before=shown[-1].seq if more else None)


From = Annotated[Moment, strawberry.argument(name="from", description="The earlier moment.")]
To = Annotated[
    Moment | None,
    strawberry.argument(description="The later moment; now, if left out."),
]


@question(
    Role.READER,
    arguments={"of": "The ids of CIs, 1 to 100; the whole estate, if left out.", "after": "Go on behind this cursor."},
)
async def diff(
    info: Info,
    from_: From,
    to: To = None,
    of: list[strawberry.ID] | None = None,
    class_: OfClass = None,
    first: int = 20,
    after: str | None = None,
) -> DifferenceConnection:
    """What differs between two moments: CIs made, changed, retired and revived, and edges opened and closed."""
    store, size = info.context.services.store, page_size(first)
    ids = None if of is None else await existing(info, of)
    if class_ is not None and class_ not in catalogue().classes:
        raise UnknownName(f"there is no class {class_!r}", where="class")
    earlier, later = await spanned(info, from_, to)
    if earlier > later:
        raise Invalid(f"it lies behind `to` ({earlier} is after {later})", where="from")
    found = await blocking(store.difference, earlier, later, ids, class_, size, after or "")
    return DifferenceConnection(
        from_=earlier, to=later, nodes=[_difference(one, found.cis[one.ci]) for one in found.changes],
        page_info=PageInfo(has_next_page=found.cursor is not None, end_cursor=found.cursor),
    )  # fmt: skip


def _difference(change: lives.Change, row: Mapping[str, Any]) -> Difference:
    return Difference(
        ci=strawberry.ID(change.ci), class_=row["class"], name=row["name"], what=change.what,
        values=_values(change), edges=_edges(change),
        edge_count=_edge_count(change),
    )  # fmt: skip
