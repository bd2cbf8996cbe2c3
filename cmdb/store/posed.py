"""Questions to the graph as it would be: those of `Reads`, on a proposed state. Nothing is written.

Lists, counts and names are asked of the graph in a frame that has the proposed states beside it (`cypher.frames`);
edges and what is inside a CI are put right where the answer comes in. What is not here, it leaves as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmdb import history
from cmdb import search as texts
from cmdb.classes import catalogue
from cmdb.cypher import questions
from cmdb.cypher.around import Way
from cmdb.cypher.frames import Frame
from cmdb.history import Change, EdgeState
from cmdb.impact.paths import k_shortest
from cmdb.projection import Overlay
from cmdb.store.proposing import Proposal, propose
from cmdb.store.reads import MOST_AHEAD, Reads, states_at
from cmdb.store.rows import POSED, EdgeRow, Row, Slice, Ways, then
from cmdb.store.session import Bolt
from cmdb.store.slices import MOST, Beginning, Slices


class Proposals:
    """The door to a proposed state."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def posed(self, overlay: Overlay, at: int | None, now: str) -> Posed:
        """The read path on an overlay over a sequence (now, if None), once it is found to fit; `now` is ISO 8601 UTC.

        Round trips: as `propose`.
        """
        return Posed(self._bolt, self._bolt.read(lambda run: propose(run, overlay, at, now)))


class Posed(Reads):
    """Each question as its namesake's; `at` is that of the proposal, whatever is given."""

    def __init__(self, bolt: Bolt, proposal: Proposal) -> None:
        super().__init__(bolt)
        self.proposal, self._slices = proposal, Slices(bolt)

    @property
    def overlay(self) -> Overlay:
        """What is proposed, with all that it takes along."""
        return self.proposal.overlay

    def _frame(self, at: int | None) -> Frame:
        return Frame(self.proposal.at, self.proposal.posing)

    def _told(self, row: Row, at: int | None) -> Row:
        pinned = self.proposal.at
        return {**(row if pinned is None else then(row, pinned)), POSED: self.proposal.key}

    def cis(self, ids: Collection[str]) -> dict[str, Row]:
        """CIs by id as they would be; unknown ids are left out. One round trip."""
        others, at = [ci for ci in ids if ci not in self.proposal.states], self.proposal.at
        found = super().cis(others) if at is None else self._bolt.read(lambda run: states_at(run, others, at))
        told = {ci: self._told(row, at) for ci, row in found.items()}
        return told | {ci: self.proposal.states[ci] for ci in ids if ci in self.proposal.states}

    def states(self, ids: Collection[str], at: int) -> dict[str, Row]:
        """The same: a proposed state has one moment."""
        return self.cis(ids)

    def children(
        self, cis: Collection[str], first: int, after: Sequence[str] | None = None, cls: str | None = None,
        at: int | None = None,
    ) -> dict[str, list[Row]]:  # fmt: skip
        """Up to `first` + 1 CIs that would be inside each CI. One round trip."""
        found = super().children(cis, first, after, cls, at)
        for row in self.proposal.states.values():
            behind = after is None or _place(row) > tuple(after)
            if row.get("parent") in found and row["status"] == "live" and behind and cls in (None, row["class"]):
                found[str(row["parent"])].append(row)
        return {ci: sorted(rows, key=_place)[: first + 1] for ci, rows in found.items()}

    def edges_of(
        self, cis: Collection[str], way: Way, first: int, after: Sequence[str] | None = None,
        types: Collection[str] | None = None, at: int | None = None,
    ) -> dict[str, list[EdgeRow]]:  # fmt: skip
        """Up to `first` + 1 edges that each CI would have."""
        end = "source" if way == "out" else "target"
        held = super().edges_of(cis, way, first, after, types, self.proposal.at)
        found = {ci: [replace(edge, posed=self.proposal.key) for edge in edges] for ci, edges in held.items()}
        for edge in self.proposal.added:
            near, behind = getattr(edge, end), after is None or edge.place > tuple(after)
            if near in found and behind and (types is None or edge.type in types):
                found[near].append(edge)
        return {ci: sorted(edges, key=lambda edge: edge.place)[: first + 1] for ci, edges in found.items()}

    def edges(
        self, ids: Collection[str], direction: str, types: Collection[str] | None = None, at: int | None = None
    ) -> list[EdgeRow]:
        """Edges of many CIs as they would be. One round trip, two over now."""
        wanted, end = set(ids), "source" if direction == "out" else "target"
        held = super().edges(ids, direction, types, self.proposal.at)
        added = [e for e in self.proposal.added if getattr(e, end) in wanted and (types is None or e.type in types)]
        return sorted([*self._kept(held), *added], key=lambda e: (e.type, e.source, e.target))

    def _kept(self, edges: Iterable[EdgeRow]) -> list[EdgeRow]:
        return [
            replace(e, posed=self.proposal.key) for e in edges if not self.overlay.hides(e.type, e.source, e.target)
        ]

    def search(
        self, text: str, first: int = 20, after: Sequence[str] | None = None, at: int | None = None
    ) -> list[Row]:
        """Up to `first` + 1 live CIs by what people type: by the index, and what it does not have by its own terms."""
        states, held = (
            self.proposal.states,
            super().search(text, first + len(self.proposal.states), after, self.proposal.at),
        )
        found = [row for row in held if row["id"] not in states]
        own = [row for row in states.values() if row["status"] == "live" and texts.matches(text, _terms(row))]
        own = [row for row in own if after is None or (row["name"], row["id"]) > tuple(after)]
        rows = sorted([*(self._told(row, None) for row in found), *own], key=lambda row: (row["name"], row["id"]))
        return rows[: first + 1]

    def path(self, source: str, target: str, max_hops: int = 8, at: int | None = None) -> list[EdgeRow] | None:
        """A shortest path dependent → dependency, or None. As many round trips as hops, twice that over now."""
        questions.check_hops(max_hops)
        if source == target:
            return []
        found = self.paths(source, target, 1, max_hops, at)
        return list(found.paths[0]) if found.paths else None

    def paths(self, source: str, target: str, k: int, max_hops: int = 8, at: int | None = None) -> Ways:
        """The k shortest simple paths dependent → dependency, level by level ahead."""
        questions.check_hops(max_hops)
        seen, level, known = {source}, {source}, dict[str, EdgeRow]()
        for _ in range(max_hops):
            found = self.edges(sorted(level), "out", questions.carrying())
            known |= {edge.id: edge for edge in found}
            level = {edge.target for edge in found} - seen
            seen |= level
            if not level or len(seen) > MOST_AHEAD:
                break
        more = len(seen) > MOST_AHEAD
        ways = k_shortest(((e.id, e.source, e.target) for e in known.values()), source, target, k, max_hops)
        cut = f"more than {MOST_AHEAD:,} CIs lie ahead; the rest was not looked at" if more else None
        return Ways(tuple(tuple(known[e] for e in path) for path in ways.found), cut or ways.truncated)

    def begin(self, ids: Collection[str], *, context: bool = True) -> Beginning:
        """Where a question about a failure of `ids` would begin, as its namesake of `Slices`."""
        begun = self._slices.begin(ids, self.proposal.at, context=context, states=self.proposal.states)
        return replace(begun, sequence=self.proposal.sequence)

    def reached(self, ids: Collection[str], most: int = MOST, *, context: bool = True) -> Slice:
        """Everything a failure of `ids` could travel to, as `Slices.reach`."""
        made, at = self.proposal, self.proposal.at
        return self._marked(self._slices.reach(ids, at, most, made.overlay, context=context, states=made.states))

    def needed(self, ids: Collection[str], most: int = MOST) -> Slice:
        """Everything that `ids` would need, as `Slices.needed`."""
        made = self.proposal
        return self._marked(self._slices.needed(ids, made.at, most, made.overlay, made.states))

    def slice_of(self, reached: Collection[str], truncated: str | None, outages: Mapping[str, str]) -> Slice:
        """The slice of CIs that are known to be reached, as its namesake of `Slices`."""
        proposal = self.proposal
        made = self._slices.slice_of(
            reached, proposal.sequence, truncated, proposal.overlay, then=proposal.at, outages=outages,
            states=proposal.states,
        )  # fmt: skip
        return self._marked(made)

    def _marked(self, made: Slice) -> Slice:
        nodes = {ci: {**row, POSED: self.proposal.key} for ci, row in made.nodes.items()}
        beside = {ci: {**row, POSED: self.proposal.key} for ci, row in made.beside.items()}
        return replace(
            made, nodes=nodes, beside=beside, edges=tuple(replace(e, posed=self.proposal.key) for e in made.edges)
        )

    def differences(self, of: Collection[str] | None = None, cls: str | None = None) -> list[tuple[Change, Row]]:
        """What would be otherwise than it is, by id: each change with what the CI would be. Four round trips at most.

        Of everything an edge is told with its dependent; of CIs that are named, with each of them it touches.
        """
        opened, closed = _ends(self.proposal.added, both=of is not None), _ends(self._closed(), both=of is not None)
        touched = set(self.proposal.states) | set(opened) | set(closed)
        rows = self.cis(sorted(touched if of is None else touched & set(of)))
        found: list[tuple[Change, Row]] = []
        for ci, row in sorted(rows.items()):
            now = {name: value for name, value in row.items() if name != POSED}
            before = self.proposal.before.get(ci) or (now if ci not in self.proposal.states else None)
            change = history.change(ci, before, now, tuple(opened.get(ci, ())), tuple(closed.get(ci, ())))
            if change is not None and cls in (None, row["class"]):
                found.append((change, row))
        return found

    def _closed(self) -> list[EdgeRow]:
        """The edges there are that would be gone."""
        gone, at = self.overlay.retire, self.proposal.at
        out = super().edges(sorted(gone | {e.source for e in self.overlay.close}), "out", None, at)
        known = {edge.id: edge for edge in (*out, *super().edges(sorted(gone), "in", None, at))}
        hidden = (e for e in known.values() if self.overlay.hides(e.type, e.source, e.target))
        return sorted(hidden, key=lambda e: (e.type, e.source, e.target))


def _place(row: Row) -> tuple[str, str, str]:
    """Where a CI stands among those inside the same one."""
    return row["class"], row["name"], row["id"]


def _ends(edges: Iterable[EdgeRow], *, both: bool) -> dict[str, list[EdgeState]]:
    found: dict[str, list[EdgeState]] = defaultdict(list)
    for e in edges:
        for ci in (e.source, e.target) if both else (e.source,):
            found[ci].append(EdgeState(e.id, e.type, e.source, e.target, e.valid_from, e.valid_to))
    return found


def _terms(row: Mapping[str, Any]) -> str:
    cls = catalogue().classes.get(row["class"])
    return "" if cls is None else texts.ci_terms(cls, row["name"], row["key"], row)
