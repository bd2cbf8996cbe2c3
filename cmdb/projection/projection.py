"""The projection as it grows: journal entries applied one after the other, rows made anew in the background.

Writers take turns by a lock. Readers take `state`, one reference, and are never waited for nor made to wait.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cmdb.errors import Conflict
from cmdb.projection.ids import Ids
from cmdb.projection.kernel import Spread, kernel, sorter
from cmdb.projection.rows import OPEN, Base, Edges, build, empty_delta, targets
from cmdb.projection.state import Relations, State, Workers

Number = TypeVar("Number", np.int32, np.uint8)

SHARE = 50
"""Rows are made anew when one edge in so many is in the delta."""
ROOM = 1024
"""Least room in a delta, for edges and for CIs."""


@dataclass(frozen=True, slots=True)
class Change:
    """One journal entry in numbers: edges (relation, source, target) closed, then opened."""

    sequence: int
    closes: tuple[tuple[int, int, int], ...]
    opens: tuple[tuple[int, int, int], ...]


class Projection:
    """One estate's dependencies, from a base that was read or loaded."""

    def __init__(self, base: Base, ids: Ids, relations: Relations, spread: Spread | None = None) -> None:
        self._chosen = spread
        self._writing = threading.Lock()
        self._merging = threading.Lock()
        self._since: list[Change] | None = None
        self._workers = Workers()
        self._state = self._fresh(base, ids, relations)

    @property
    def state(self) -> State:
        """What can be asked now; it stays as it is however long it is kept."""
        return self._state

    @property
    def due(self) -> bool:
        """Whether enough has come for the rows to be made anew."""
        state = self._state
        return state.length * SHARE > max(state.base.edges, ROOM * SHARE // 2)

    def apply(self, entry: Mapping[str, Any]) -> None:
        """Apply a journal entry, the next one in order; Conflict when it does not say what it closed."""
        state = self._state
        if entry["seq"] <= state.sequence:
            return
        change = _change(entry, state)
        while not self._written(change):
            self.merge(len(change.opens))

    def merge(self, room: int = 0) -> None:
        """Make the rows anew from all there is; what is applied meanwhile is applied to the new ones too."""
        with self._merging:
            with self._writing:
                old, self._since = self._state, []
            base = merged(old)
            with self._writing:
                room += sum(len(change.opens) for change in self._since)
                new = self._fresh(base, old.ids, old.relations, room)
                for change in self._since:
                    new = _applied(new, change)
                self._state, self._since = new, None

    def _fresh(self, base: Base, ids: Ids, relations: Relations, room: int = 0) -> State:
        delta = empty_delta(len(ids) + len(ids) // 32 + ROOM + 2 * room, base.edges // (SHARE // 2) + ROOM + 2 * room)
        spread = self._chosen or kernel(base.edges)
        return State(base, delta, ids, relations, base.sequence, 0, len(ids), spread, self._workers)

    def _written(self, change: Change) -> bool:
        """Write a change down; False when the delta has no room for it."""
        with self._writing:
            state = self._state
            edges, cis = len(state.delta.source), len(state.delta.head)
            if state.length + len(change.opens) > edges or len(state.ids) > cis:
                return False
            if self._since is not None:
                self._since.append(change)
            self._state = _applied(state, change)
            return True


def merged(state: State) -> Base:
    """The rows as of a state. What is closed later, while they are made, counts as open still."""
    rows, delta, length = state.base.rows, state.delta, state.length
    if state.cis == state.base.cis and not delta.touched.any():
        return replace(state.base, sequence=state.sequence)
    source, target = _joined(rows.nbr, delta.source, length), _joined(targets(rows), delta.target, length)
    kind = _joined(rows.type, delta.type, length)
    begin, end = _joined(rows.begin, delta.begin, length), _joined(rows.end, delta.end, length)
    end[end > state.sequence] = OPEN
    group = state.base.group
    if group is not None:
        group = np.concatenate([group, np.full(length, -1, np.int32)])
    edges = Edges(source, target, kind, begin, end, group)
    return build(state.cis, edges, state.sequence, state.base.groups, sorter(len(source)))


def _joined(old: NDArray[Number], new: NDArray[Number], length: int) -> NDArray[Number]:
    return np.concatenate([old, new[:length]])


def _change(entry: Mapping[str, Any], state: State) -> Change:
    """An entry in numbers; new CIs get theirs. Edges that carry no failure are not ours."""
    ids, relations = state.ids, state.relations
    closes, opens = [], []
    for step in entry["ops"]:
        if step["op"] == "create":
            ids.add(step["id"])
        elif step["op"] == "close":
            if "target" not in step:
                raise Conflict(f"journal entry {entry['seq']} is of an earlier version and does not say what it closed")
            closes += list(_edge(step, ids, relations))
        elif step["op"] == "open":
            opens += list(_edge(step, ids, relations))
    return Change(entry["seq"], tuple(closes), tuple(opens))


def _edge(step: Mapping[str, Any], ids: Ids, relations: Relations) -> Iterator[tuple[int, int, int]]:
    kind = relations.number(step["type"])
    if kind is not None:
        yield kind, ids.add(step["source"]), ids.add(step["target"])


def _applied(state: State, change: Change) -> State:
    """The state after a change. Arrays are written where no reader of an earlier sequence looks."""
    delta, length, sequence = state.delta, state.length, change.sequence
    for kind, source, target in change.closes:
        _close(state, kind, source, target, sequence)
    for kind, source, target in change.opens:
        delta.source[length], delta.target[length], delta.type[length] = source, target, kind
        delta.begin[length], delta.end[length] = sequence, OPEN
        delta.next[length] = delta.head[target]
        delta.touched[target] = 1
        delta.head[target] = length  # last: from here on a reader may come by
        length += 1
    return replace(state, sequence=sequence, length=length, cis=len(state.ids))


def _close(state: State, kind: int, source: int, target: int, sequence: int) -> None:
    """Write the end of the open edge; one that is not here was opened and closed by the same entry."""
    rows, delta = state.base.rows, state.delta
    delta.touched[target] = 1
    if source < state.base.cis:
        for place in state.base.places(source, target).tolist():
            if rows.type[place] == kind and rows.end[place] == OPEN:
                rows.end[place] = sequence
                return
    for place in delta.chain(target):
        if delta.source[place] == source and delta.type[place] == kind and delta.end[place] == OPEN:
            delta.end[place] = sequence
            return
