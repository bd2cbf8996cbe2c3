"""The edges of a batch: one claim of the import on each, beside whoever else says that it is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from cmdb.claims import source_of
from cmdb.classes import Catalogue
from cmdb.commands import Nest
from cmdb.errors import Invalid
from cmdb.imports.rows import EdgeRow, Outcome
from cmdb.plan import EdgeClaim
from cmdb.reconcile.known import EdgeKey, KnownEdge, NewId
from cmdb.reconcile.ledger import Ledger
from cmdb.reconcile.placeholders import Placeholders
from cmdb.words import Evidence

if TYPE_CHECKING:
    from cmdb.imports.batch import End


class Edges:
    """What the rows of a batch want, by type and ends."""

    def __init__(self, scope: str, catalogue: Catalogue, new_id: NewId, nest: Nest) -> None:
        self._scope, self._catalogue, self.nest = scope, catalogue, nest
        self.wanted: dict[EdgeKey, EdgeRow] = {}
        self._parts: set[EdgeKey] = set()
        self._ends: dict[EdgeKey, tuple[End, End]] = {}
        self.ledger = Ledger(new_id, Placeholders({}, {}, new_id))
        self._default = Evidence("declared", source_of(scope), 1.0)

    def has(self, key: EdgeKey) -> bool:
        """Whether an edge row of this batch has spoken of it already: then another waits for the next batch."""
        return key in self.wanted and key not in self._parts

    def want(self, row: EdgeRow, source: End, target: End, *, part: bool = False) -> None:
        """One edge; Invalid when its relation does not join such CIs. `part`: it only follows from a parent."""
        relation = self._catalogue.relation(row.type)
        if not self._catalogue.joins(relation, source.cls, target.cls):
            allowed = f"{' or '.join(relation.sources)} to {' or '.join(relation.targets)}"
            raise Invalid(f"{relation.name} goes from {allowed}, not {source.cls} to {target.cls}", where="type")
        if source.id == target.id:
            raise Invalid("a CI does not depend on itself", where="to")
        key = (row.type, source.id, target.id)
        self.wanted[key] = row
        if self.nest.holds(row.type, source, target):
            self._ends[key] = (source, target)
        self._parts.add(key) if part else self._parts.discard(key)

    def held(self, known: Collection[EdgeKey]) -> list[tuple[End, End]]:
        """The ends of what would be put inside of something and is not there yet, where that could make a ring."""
        return [ends for key, ends in self._ends.items() if key not in known]

    def rings(self, known: Collection[EdgeKey]) -> Iterator[tuple[EdgeRow, Invalid]]:
        """Take out each edge that would put a CI inside of itself, by what the nest knows and the rows before it."""
        for key, (source, target) in self._ends.items():
            try:
                if key not in known:
                    self.nest.put(key[0], source, target, "to")
            except Invalid as error:
                yield self.wanted.pop(key), error

    def settle(self, known: Sequence[KnownEdge]) -> Iterator[tuple[int, Outcome]]:
        """Lay and reword; what becomes of each row, by its number."""
        there = {edge.key: edge for edge in known}
        for key, row in self.wanted.items():
            edge = there.get(key)
            mine = edge.claims.get(self._scope) if edge is not None else None
            evidence = row.evidence or (mine.evidence if mine is not None else self._default)
            claim = EdgeClaim(row.endpoint, evidence)
            if edge is None:
                self.ledger.lay(key, {self._scope: claim})
                yield row.n, Outcome(row.n, "edge", "created", self.ledger.open[-1].id, "nobody knew this edge")
            elif mine == claim:
                yield row.n, Outcome(row.n, "edge", "unchanged", edge.id, "said before")
            else:
                self.ledger.keep(edge, {**edge.claims, self._scope: claim})
                why = "its evidence is another" if mine is not None else "known from others, now said here too"
                yield row.n, Outcome(row.n, "edge", "changed", edge.id, why)
