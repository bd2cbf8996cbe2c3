"""One round trip to the store per level of a question, however many CIs the level has.

A question has a thread of its own, so the batches simply call the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import cached_property
from operator import itemgetter
from typing import Any

from strawberry.dataloader import DataLoader

from cmdb.cypher.around import Way
from cmdb.store import EdgeRow, Posed, RecordPage, Row, Store
from cmdb.store.rows import POSED
from cmdb.words import Record
from cmdb_graphql.cursors import read_texts
from cmdb_graphql.services import Services

ChildrenOf = tuple[str, int, str | None, str | None]
"""A page of what is inside a CI: its id, first, after, and the class."""
EdgesOf = tuple[str, int, str | None]
"""A page of a CI's edges: its id, first, and after."""
LinksOf = tuple[str, tuple[str, ...] | None, int, str | None, bool]
"""A page of a record's links: the record's id, types, first, after, and whether those that point at it."""


class Loaders:
    """Batches of one request; those of a moment, pinned to its sequence, are reached by `at`, and those of a proposed
    state by `posed`; `of` finds the ones a row came with."""

    def __init__(self, services: Services, at: int | None = None, store: Store | Posed | None = None) -> None:
        self._services, self._at, self._store = services, at, store or services.store
        self._then: dict[int, Loaders] = {}
        self._posed: dict[str, Loaders] = {}
        self.moments: dict[int | str | None, int] = {}  # each moment is resolved once a request
        self.known: dict[str, Row] = {}
        self.purged_to: int | None = None

    # Each is made when it is first asked: most questions need one of them, and all of them cost 10 µs.

    @cached_property
    def ci(self) -> DataLoader[str, Row | None]:
        """CIs by id."""
        return DataLoader(load_fn=self._cis)

    @cached_property
    def children(self) -> DataLoader[ChildrenOf, list[Row]]:
        """Pages of what is inside a CI, each with one row more if more follow."""
        return DataLoader(load_fn=self._children)

    @cached_property
    def out(self) -> DataLoader[EdgesOf, list[EdgeRow]]:
        """Pages of the edges of a dependent, likewise."""
        return DataLoader(load_fn=self._out)

    @cached_property
    def into(self) -> DataLoader[EdgesOf, list[EdgeRow]]:
        """Pages of the edges of a dependency, likewise."""
        return DataLoader(load_fn=self._into)

    @cached_property
    def claims(self) -> DataLoader[str, list[dict[str, Any]]]:
        """Claims of a CI."""
        return DataLoader(load_fn=self._claims)

    @cached_property
    def traces(self) -> DataLoader[str, dict[str, Any]]:
        """Identity traces of a CI."""
        return DataLoader(load_fn=self._traces)

    @cached_property
    def records(self) -> DataLoader[str, list[Record]]:
        """Records about a CI."""
        return DataLoader(load_fn=self._records)

    @cached_property
    def pages(self) -> DataLoader[RecordPage, list[Record]]:
        """Pages of lists of records."""
        return DataLoader(load_fn=self._pages)

    @cached_property
    def histories(self) -> DataLoader[str, list[dict[str, Any]]]:
        """Steps of a record."""
        return DataLoader(load_fn=self._histories)

    @cached_property
    def notes(self) -> DataLoader[str, list[dict[str, Any]]]:
        """Notes of a record."""
        return DataLoader(load_fn=self._notes)

    @cached_property
    def links(self) -> DataLoader[LinksOf, list[dict[str, Any]]]:
        """Pages of a record's links."""
        return DataLoader(load_fn=self._links)

    @cached_property
    def seen(self) -> DataLoader[str, str | None]:
        """When a scope last spoke."""
        return DataLoader(load_fn=self._seen)

    @cached_property
    def heard(self) -> DataLoader[str, str | None]:
        """When a scope last spoke, imports too: how old what discovery saw and imported is."""
        return DataLoader(load_fn=self._heard)

    def at(self, seq: int | None) -> Loaders:
        """The loaders of a sequence: what they bring is as of then. None: these, of now."""
        if seq is None or seq == self._at:
            return self
        return self._then.setdefault(seq, Loaders(self._services, seq))

    def posed(self, store: Posed) -> Loaders:
        """The loaders of a proposed state."""
        key = store.proposal.key
        return self._posed.setdefault(_state(key, store.proposal.at), Loaders(self._services, store.proposal.at, store))

    def of(self, at: int | None, posed: str | None) -> Loaders:
        """The loaders of the state that a row or an edge is of: what surrounds it is of that state too."""
        return self.at(at) if posed is None else self._posed[_state(posed, at)]

    def around(self, row: Row) -> Loaders:
        """Those of a row."""
        return self.of(row.get("as_of"), row.get(POSED))

    async def _cis(self, ids: list[str]) -> list[Row | None]:
        if missing := [ci for ci in ids if ci not in self.known]:
            store = self._store
            self.known.update(store.cis(missing) if self._at is None else store.states(missing, self._at))
        return [self.known.get(ci) for ci in ids]

    async def _children(self, asked: list[ChildrenOf]) -> list[list[Row]]:
        """One round trip for all CIs of which the same page was asked; so for edges."""
        pages: dict[tuple[int, str | None, str | None], list[str]] = defaultdict(list)
        for ci, first, after, cls in asked:
            pages[first, after, cls].append(ci)
        found: dict[ChildrenOf, list[Row]] = {}
        for (first, after, cls), ids in pages.items():
            rows = self._store.children(ids, first, read_texts(after, 3), cls, self._at)
            found |= {(ci, first, after, cls): rows[ci] for ci in ids}
        return [found[one] for one in asked]

    async def _out(self, asked: list[EdgesOf]) -> list[list[EdgeRow]]:
        return await self._edges(asked, "out")

    async def _into(self, asked: list[EdgesOf]) -> list[list[EdgeRow]]:
        return await self._edges(asked, "in")

    async def _edges(self, asked: list[EdgesOf], way: Way) -> list[list[EdgeRow]]:
        pages: dict[tuple[int, str | None], list[str]] = defaultdict(list)
        for ci, first, after in asked:
            pages[first, after].append(ci)
        found: dict[EdgesOf, list[EdgeRow]] = {}
        for (first, after), ids in pages.items():
            edges = self._store.edges_of(ids, way, first, read_texts(after, 2), None, self._at)
            found |= {(ci, first, after): edges[ci] for ci in ids}
        return [found[one] for one in asked]

    async def _claims(self, ids: list[str]) -> list[list[dict[str, Any]]]:
        claims = self._services.store.claims_of(ids, self._at)
        return [claims[ci] for ci in ids]

    async def _traces(self, ids: list[str]) -> list[dict[str, Any]]:
        traces = self._services.store.identity_traces(ids, self._at)
        return [traces[ci] for ci in ids]

    async def _records(self, ids: list[str]) -> list[list[Record]]:
        records = self._services.store.records_of(ids)
        return [records[ci] for ci in ids]

    async def _pages(self, asked: list[RecordPage]) -> list[list[Record]]:
        return self._services.store.record_pages(asked)

    async def _histories(self, ids: list[str]) -> list[list[dict[str, Any]]]:
        found = self._services.store.histories(ids)
        return [found[one] for one in ids]

    async def _notes(self, ids: list[str]) -> list[list[dict[str, Any]]]:
        found = self._services.store.notes(ids)
        return [found[one] for one in ids]

    async def _links(self, asked: list[LinksOf]) -> list[list[dict[str, Any]]]:
        """One round trip for all records of which the same page was asked."""
        pages: dict[tuple[tuple[str, ...] | None, int, str | None, bool], list[str]] = defaultdict(list)
        for record, types, first, after, back in asked:
            pages[types, first, after, back].append(record)
        found: dict[LinksOf, list[dict[str, Any]]] = {}
        for (types, first, after, back), ids in pages.items():
            rows = self._services.store.links(ids, types, first, after, back=back)
            found.update({(one, types, first, after, back): rows[one] for one in ids})
        return [found[one] for one in asked]

    async def _seen(self, scopes: list[str]) -> list[str | None]:
        if self._at is not None:
            return [None] * len(scopes)  # when a source spoke last is known of now only
        times = self._services.inbox.seen(scopes)
        return [times.get(scope) for scope in scopes]

    async def _heard(self, scopes: list[str]) -> list[str | None]:
        told = dict(zip(scopes, await self._seen(scopes), strict=True))
        imports = [scope for scope in scopes if scope.startswith("import:")]
        if imports and self._at is None:
            told |= self._services.store.imported_at(imports)
        return [told[scope] for scope in scopes]

    def forget(self) -> None:
        """After a command: whatever was loaded before may be otherwise now."""
        self.known.clear()
        self.purged_to = None
        self._then.clear()
        self._posed.clear()
        for loader in vars(self).values():
            if isinstance(loader, DataLoader):
                loader.clear_all()

    def prime(self, rows: Collection[Row]) -> None:
        """Remember CIs that came with another answer, all of one moment."""
        if rows:
            self.around(next(iter(rows))).known.update(zip(map(itemgetter("id"), rows), rows, strict=True))


def _state(posed: str, at: int | None) -> str:
    return f"{posed} {at}"
