"""The past: what a CI was, what became of it, and what differs between two moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from cmdb import history as lives
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.store import Difference as Found
from cmdb.store import Entry, Row
from cmdb.store import past as lives_of
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, camel, computed, question, readable_by, whole
from cmdb_graphql.moment import AsOf, Moment, between, forgotten, pinned, purged_to
from cmdb_graphql.proposed import Proposed, ProposedInput, asked
from cmdb_graphql.types import Evidence, OfClass, PageInfo, existing, page_size

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

    back_to: strawberry.Private[int]
    nodes: list[HistoryEntry] = strawberry.field(description="The steps.")
    before: int | None = strawberry.field(description="Give this as `before` for the next page; null at the end.")

    @computed("Why steps may be missing, if so: the history of long retired CIs is kept no longer.")
    async def truncated(self, info: Info) -> str | None:
        """Retention."""
        return lives.lacks_steps(self.back_to, await purged_to(info))


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
@strawberry.type(description="How many CIs of a class a difference has of one kind.")
class DifferenceCount:
    """A count."""

    class_: str = strawberry.field(name="class", description="The name of the class.")
    what: str = strawberry.field(description="created, changed, retired, revived or linked (only its edges).")
    count: int = strawberry.field(description="How many CIs.")


@readable_by(Role.READER)
@strawberry.type(description="One step in the life of an edge.")
class EdgeStep:
    """A step."""

    seq: int = strawberry.field(description="The journal sequence.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    actor: str = strawberry.field(description="Who: an agent or a person.")
    kind: str = strawberry.field(description="What kind of journal entry it was.")
    summary: str = strawberry.field(description="What the whole entry did, to others too.")
    what: str = strawberry.field(description="opened, reworded (other evidence) or closed.")
    evidence: Evidence | None = strawberry.field(description="Why it was believed from then on; null when closed.")
    because: str | None = strawberry.field(description="Why a person re-pointed it.")


@readable_by(Role.READER)
@strawberry.type(description="An edge and a page of its life, newest first.")
class EdgeHistory:
    """An edge's life."""

    id: strawberry.ID = strawberry.field(description="Our id of the edge.")
    type: str = strawberry.field(description="The relation's name.")
    from_: strawberry.ID = strawberry.field(name="from", description="The id of the dependent.")
    to: strawberry.ID = strawberry.field(description="The id of the dependency.")
    open: bool = strawberry.field(description="Whether it is there, now or at the moment.")
    nodes: list[EdgeStep] = strawberry.field(description="The steps.")
    before: int | None = strawberry.field(description="Give this as `before` for the next page; null at the end.")
    truncated: str | None = strawberry.field(description="Why older rewordings are not told, if so.")


@readable_by(Role.READER)
@strawberry.type(description="A page of what differs between two moments, by CI id.")
class DifferenceConnection:
    """A page."""

    page: strawberry.Private[Callable[[], Found]]
    sums: strawberry.Private[Callable[[], Counter[tuple[str, str]]]]
    from_: int = strawberry.field(name="from", description="The journal sequence of the earlier moment.")
    to: int = strawberry.field(description="The journal sequence of the later moment.")

    @computed("What became of each CI.")
    async def nodes(self) -> list[Difference]:
        """Looked for when asked: a summary needs no page."""
        found = await blocking(self.page)
        return [_difference(one, found.cis[one.ci]) for one in found.changes]

    @computed("Where this page ends.")
    async def page_info(self) -> PageInfo:
        """Of the same page."""
        found = await blocking(self.page)
        return PageInfo(has_next_page=found.cursor is not None, end_cursor=found.cursor)

    @computed("Why changes may be missing, if so: the history of long retired CIs is kept no longer.")
    async def truncated(self, info: Info) -> str | None:
        """Retention."""
        return await forgotten(info, self.from_)

    @computed("How many CIs of each class are in all pages, by what became of them; counted only when asked.")
    async def summary(self) -> list[DifferenceCount]:
        """The whole difference in a few lines."""
        counts = await blocking(self.sums)
        return [DifferenceCount(class_=c, what=what, count=n) for (c, what), n in sorted(counts.items())]


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
async def history(
    info: Info,
    id: strawberry.ID,  # noqa: A002  # the argument's public name
    first: int = 20,
    before: int | None = None,
    as_of: AsOf = None,
) -> HistoryConnection:
    """What became of a CI, newest first: its values, and the edges that touch it; as of a moment, until then."""
    (ci,) = await existing(info, [id], "id")
    size, until = page_size(first), await pinned(info, as_of)
    found = await blocking(info.context.services.store.history_of, ci, size + 1, _until(before, until))
    shown, more, whole = found[:size], len(found) > size, not info.context.narrowed
    # What does not begin with its creation goes back to the beginning: what is before the last step is not known.
    known = more or (shown and shown[-1].change.what == "created")
    return HistoryConnection(
        nodes=[_entry(one, whole=whole) for one in shown], before=shown[-1].seq if more else None,
        back_to=shown[-1].seq if known else 0,
    )  # fmt: skip


@question(Role.READER)
async def edge_history(
    info: Info,
    id: strawberry.ID,  # noqa: A002  # the argument's public name
    first: int = 20,
    before: int | None = None,
    as_of: AsOf = None,
) -> EdgeHistory:
    """What became of an edge, newest first: by whom and on what evidence it was opened, reworded and closed.

    As of a moment, until then.
    """
    size, until = page_size(first), await pinned(info, as_of)
    try:
        found = await blocking(info.context.services.store.edge_life, str(id), size + 1, _until(before, until))
    except UnknownName as error:
        if not await purged_to(info):
            raise
        raise UnknownName(f"{error.message}; those of long retired CIs are kept no longer", where="id") from error
    shown, edge, whole = found.steps[:size], found.edge, not info.context.narrowed
    return EdgeHistory(
        id=id, type=edge.type, from_=strawberry.ID(edge.source), to=strawberry.ID(edge.target),
        open=edge.valid_to is None if until is None else edge.open_at(until),
        nodes=[_edge_step(step, whole=whole) for step in shown],
        before=shown[-1].seq if len(found.steps) > size else None,
        truncated="rewordings older than the last 100 are not told" if found.forgotten else None,
    )  # fmt: skip


def _until(before: int | None, until: int | None) -> int | None:
    """Only what comes before both: a page's beginning, and the end of a moment."""
    if until is None:
        return before
    return until + 1 if before is None else min(before, until + 1)


def _edge_step(step: lives_of.EdgeStep, *, whole: bool) -> EdgeStep:
    evidence = None if step.evidence is None else Evidence(**step.evidence)
    # As with `_entry`; and what a person said of a merge is about the CI it was re-pointed from, too.
    return EdgeStep(
        seq=step.seq, at=step.at, actor=step.actor, kind=step.kind, summary=step.summary if whole else step.what,
        what=step.what, evidence=evidence, because=step.because if whole else None,
    )  # fmt: skip


From = Annotated[
    Moment | None,
    strawberry.argument(name="from", description="The earlier moment; left out with a proposed state only."),
]
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
    from_: From = None,
    to: To = None,
    of: list[strawberry.ID] | None = None,
    class_: OfClass = None,
    first: int = 20,
    after: str | None = None,
    proposed: Proposed = None,
) -> DifferenceConnection:
    """What differs between two moments: CIs made, changed, retired and revived, and edges opened and closed.

    With a proposed state: what it would change, now or on top of the moment `to`.
    """
    store, size = info.context.services.store, page_size(first)
    if class_ is not None and class_ not in catalogue().classes:
        raise UnknownName(f"there is no class {class_!r}", where="class")
    if proposed is not None:
        if from_ is not None:
            raise Invalid("a proposed state differs from what it is on top of: name that with `to`", where="from")
        return await _would_differ(info, proposed, to, of, class_, size, after or "")
    if from_ is None:
        raise Invalid("name the earlier moment, or give a proposed state", where="from")
    ids = None if of is None else await existing(info, of)
    earlier, later = await between(info, from_, to)
    if earlier > later:
        raise Invalid(f"it lies behind `to` ({earlier} is after {later})", where="from")
    page = cache(partial(store.difference, earlier, later, ids, class_, size, after or ""))
    sums = partial(store.difference_counts, earlier, later, ids, class_)
    return DifferenceConnection(page=page, sums=sums, from_=earlier, to=later)


async def _would_differ(
    info: Info, proposed: ProposedInput, to: Any, of: Sequence[str] | None, cls: str | None, first: int, after: str
) -> DifferenceConnection:
    state = await asked(info, to, proposed)
    ids = None if of is None else await existing(info, of, loaders=state.loaders)
    found = [] if state.posed is None else await blocking(state.posed.differences, ids, cls)
    rest = [(change, row) for change, row in found if change.ci > after]
    shown = rest[:first]
    page = Found(
        tuple(change for change, _ in shown), {change.ci: row for change, row in shown},
        shown[-1][0].ci if len(rest) > first else None,
    )  # fmt: skip
    counts = Counter((str(row["class"]), change.what) for change, row in found)
    at = await blocking(state.store.sequence) if state.posed is None else state.posed.proposal.sequence
    return DifferenceConnection(page=lambda: page, sums=lambda: counts, from_=at, to=at)


def _difference(change: lives.Change, row: Mapping[str, Any]) -> Difference:
    return Difference(
        ci=strawberry.ID(change.ci), class_=row["class"], name=row["name"], what=change.what,
        values=_values(change), edges=_edges(change),
        edge_count=_edge_count(change),
    )  # fmt: skip
