"""One pinned state of the projection, and the questions it answers: reach, blast radius, shortest path.

A state is what a reader takes once and then asks without a lock: whatever is applied meanwhile has a later sequence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmdb.errors import Invalid, UnknownName
from cmdb.projection.ids import Ids
from cmdb.projection.kernel import Spread
from cmdb.projection.kernel_numpy import DOWN, GONE, Scratch, Steps
from cmdb.projection.overlay import Overlay, ProposedEdge
from cmdb.projection.rows import Base, Bytes, Delta, Ints

NOTHING = Overlay()
HERE = GONE + 1
"""What `seen` says of the level that is looked below."""
MOST_NUMBERS = 2**31


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations along which failure travels, by the number they have in the arrays; the others are not there."""

    names: tuple[str, ...]
    soft: Bytes

    @classmethod
    def of(cls, soft: dict[str, bool]) -> Relations:
        """From whether each carries failure softly."""
        names = tuple(sorted(soft))
        return cls(names, np.array([soft[name] for name in names], np.uint8))

    def number(self, name: str) -> int | None:
        """The number of a relation; None for one that carries no failure."""
        return self.names.index(name) if name in self.names else None


@dataclass(frozen=True, slots=True)
class Reached:
    """What a failure can travel to, nearest first, those that fail included with 0 hops; `ids` has their public ids.

    `down[i]` tells whether it goes down (else it is degraded); all True where degrees were not asked.
    """

    sequence: int
    numbers: Ints
    hops: Ints
    down: NDArray[np.bool_]
    names: Ids

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def ids(self) -> list[str]:
        """Public ids, in the order of `numbers`."""
        return self.names.texts(self.numbers)

    def within(self, most: int) -> Reached:
        """Only whole levels, so many that there are at most `most` CIs (those of hop 0 always)."""
        if len(self) <= most:
            return self
        depth = max(int(self.hops[most]), 1)
        cut = int(np.searchsorted(self.hops, depth))
        return Reached(self.sequence, self.numbers[:cut], self.hops[:cut], self.down[:cut], self.names)


@dataclass(frozen=True, slots=True)
class Needed:
    """What some CIs need, by public id, nearest first; `cut` tells that what lies further was not looked at."""

    ids: list[str]
    cut: bool


class Workers:
    """Scratch for workers: taken for one question, then given back."""

    def __init__(self) -> None:
        self._free: deque[Scratch] = deque(maxlen=8)

    @contextmanager
    def one(self, cis: int) -> Iterator[Scratch]:
        """A scratch with room for so many CIs, `seen` all 0; whoever marks `seen` clears it."""
        try:
            scratch = self._free.pop()
        except IndexError:
            scratch = None
        if scratch is None or len(scratch.seen) < cis:
            room = cis + cis // 32 + 64
            ints = [np.empty(room, np.int32) for _ in range(4)]
            scratch = Scratch(np.zeros(room, np.uint8), *ints)
        yield scratch
        self._free.append(scratch)  # not after an error: nobody knows what it left marked


@dataclass(frozen=True, slots=True)
class State:
    """The projection at `sequence`: `length` edges of the delta and `cis` numbers count."""

    base: Base
    delta: Delta
    ids: Ids
    relations: Relations
    sequence: int
    length: int
    cis: int
    spread: Spread
    workers: Workers

    def reach(
        self, of: Collection[str], at: int | None = None, proposed: Overlay = NOTHING, *, graded: bool = False
    ) -> Reached:
        """Everything a failure of `of` can travel to, at a sequence up to this one (None: this one).

        `graded` also tells who goes down from who is degraded. Raises UnknownName for a CI that is not here.
        """
        pinned, starts = self._pinned(at), self._starts(of)
        with self.workers.one(self.cis) as scratch:
            count = self._spread(scratch, starts, pinned, proposed, graded=graded)
            numbers = scratch.queue[:count].copy()
            down = scratch.seen[numbers] == DOWN if graded else np.ones(count, np.bool_)
            hops = scratch.hops[:count].copy()
            scratch.seen[numbers] = 0
        return Reached(pinned, numbers, hops, down, self.ids)

    def needs(self, of: Collection[str], at: int | None = None, most: int = MOST_NUMBERS) -> Needed:
        """Everything that `of` need, directly or not, at a sequence up to this one; nearest first, these before all.

        Once there are more than `most`, no further level is looked at.
        """
        pinned, starts = self._pinned(at), self._starts(of)
        later = self._since(pinned)
        levels, count = [starts], len(starts)
        with self.workers.one(self.cis) as scratch:
            seen, frontier = scratch.seen, starts
            while len(frontier) and count <= most:
                seen[frontier] = HERE
                found = np.concatenate([self._rows_below(frontier, pinned), later[1][seen[later[0]] == HERE]])
                seen[frontier] = DOWN
                frontier = np.unique(found[seen[found] == 0])
                levels.append(frontier)
                count += len(frontier)
            numbers = np.concatenate(levels)
            seen[numbers] = 0
        return Needed(self.ids.texts(numbers), cut=bool(len(frontier)))

    def path(
        self, source: str, target: str, at: int | None = None, proposed: Overlay = NOTHING
    ) -> tuple[str, ...] | None:
        """The CIs of a shortest chain of dependencies, `source` and `target` included; None if there is none."""
        pinned, starts = self._pinned(at), self._starts([target])
        (goal,) = self._starts([source])
        with self.workers.one(self.cis) as scratch:
            count = self._spread(scratch, starts, pinned, proposed, stop=int(goal))
            queue = scratch.queue[:count]
            here = np.flatnonzero(queue == goal)
            chain: list[int] = []
            place = int(here[0]) if len(here) else -1
            while place >= 0:
                chain.append(int(queue[place]))
                place = int(scratch.via[place])
            scratch.seen[queue] = 0
        return tuple(self.ids.texts(np.array(chain, np.int32))) if chain else None

    # --- steps ---------------------------------------------------------------------------------------------

    def _rows_below(self, frontier: Ints, at: int) -> Ints:
        """The dependencies of these by edges of the rows that hold at a sequence."""
        rows, forward = self.base.rows, self.base.forward
        cis = frontier[frontier < self.base.cis]
        begin, size = forward.ptr[cis].astype(np.int64), np.diff(forward.ptr)[cis].astype(np.int64)
        place = np.repeat(begin - (np.cumsum(size) - size), size) + np.arange(int(size.sum()))
        edge = forward.place[place]
        found: Ints = forward.nbr[place[(rows.begin[edge] <= at) & (rows.end[edge] > at)]]
        return found

    def _since(self, at: int) -> tuple[Ints, Ints]:
        """The ends of the edges that were opened since the rows were made and hold at a sequence."""
        delta, room = self.delta, slice(0, self.length)
        held = (delta.begin[room] <= at) & (delta.end[room] > at)
        return delta.source[room][held], delta.target[room][held]

    def _pinned(self, at: int | None) -> int:
        if at is not None and at > self.sequence:
            raise Invalid(f"the projection is at {self.sequence}, not yet at {at}", where="asOf")
        return self.sequence if at is None else at

    def _starts(self, of: Collection[str]) -> Ints:
        numbers = self._numbers(of, "of")
        return np.fromiter(dict.fromkeys(numbers[ci] for ci in of), np.int32)

    def _numbers(self, of: Collection[str], where: str) -> dict[str, int]:
        found = {name: n for name, n in self.ids.numbers(of).items() if n < self.cis}
        if missing := [ci for ci in of if ci not in found]:
            raise UnknownName(f"there is no CI {missing[0]!r}", where=where)
        return found

    def _spread(
        self, scratch: Scratch, starts: Ints, at: int, proposed: Overlay, *, graded: bool = False, stop: int = -1
    ) -> int:
        steps, gone = self._steps(proposed, at) if proposed else (_no_steps(), np.empty(0, np.int32))
        scratch.seen[gone] = GONE
        starts = starts[scratch.seen[starts] == 0]
        first = slice(0, len(starts))
        scratch.seen[starts], scratch.queue[first], scratch.hops[first], scratch.via[first] = DOWN, starts, 0, -1
        count = self.spread(
            self.base.rows, self.delta, self.length, steps, bool(proposed), self.relations.soft, graded,
            len(starts), at, at >= self.base.sequence, scratch, stop,
        )  # fmt: skip
        scratch.seen[gone] = 0
        return count

    def _steps(self, proposed: Overlay, at: int) -> tuple[Steps, Ints]:
        """A proposed state in numbers, and the CIs that are gone; UnknownName for what is not here to be closed."""
        numbers = self._numbers(sorted(proposed.cis), "proposed")
        marked = np.zeros(self.cis, np.uint8)
        closed: list[int] = []
        closed_delta: list[int] = []
        for edge in proposed.close:
            in_rows, in_delta = self._places(edge, numbers, at)
            closed += in_rows
            closed_delta += in_delta
            marked[numbers[edge.target]] = 1
        added = sorted((numbers[e.target], numbers[e.source], n) for e, n in self._carrying(proposed.add))
        columns = np.array(added, np.int32).reshape(-1, 3).T.copy()
        marked[columns[0]] = 1
        steps = Steps(
            marked, _sorted(closed), _sorted(closed_delta), columns[0], columns[1], columns[2].astype(np.uint8)
        )
        return steps, _sorted([numbers[ci] for ci in proposed.retire])

    def _carrying(self, edges: Sequence[ProposedEdge]) -> Iterator[tuple[ProposedEdge, int]]:
        for edge in edges:
            number = self.relations.number(edge.type)
            if number is not None:
                yield edge, number

    def _places(self, edge: ProposedEdge, numbers: dict[str, int], at: int) -> tuple[list[int], list[int]]:
        """Where an edge that holds at a sequence lies, in the rows and in the delta."""
        kind = self.relations.number(edge.type)
        source, target = numbers[edge.source], numbers[edge.target]
        if kind is None:
            return [], []
        in_rows: list[int] = []
        rows, delta = self.base.rows, self.delta
        if source < self.base.cis:
            place = self.base.places(source, target)
            holds = (rows.type[place] == kind) & (rows.begin[place] <= at) & (rows.end[place] > at)
            in_rows = place[holds].tolist()
        in_delta = [
            k
            for k in delta.chain(target)
            if k < self.length and delta.source[k] == source and delta.type[k] == kind
        ]  # fmt: skip
        return in_rows, in_delta


def _sorted(numbers: list[int]) -> Ints:
    return np.array(sorted(numbers), np.int32)


def _no_steps() -> Steps:
    none = np.empty(0, np.int32)
    return Steps(np.empty(0, np.uint8), none, none, none, none, np.empty(0, np.uint8))
