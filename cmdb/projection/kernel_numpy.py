"""The questions in NumPy alone, level by level; what `kernel_numba` compiles says the same.

Every way to spread takes a view (rows, delta, proposed steps) at one sequence and a worker's scratch: `seen` is 0
everywhere before and after, but for what the caller marks. It fills `queue` with the CIs in the order of hops, `hops`,
and `via`, the place in the queue each was found from; it returns how many there are and leaves in `seen` how each does:
DEGRADED, DOWN, or GONE for a retired one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmdb.projection.rows import Bytes, Delta, Ints, Rows

DEGRADED, DOWN, GONE = 1, 2, 3
"""What `seen` says of a CI reached; 0: not reached."""


class Steps(NamedTuple):
    """A proposed state in numbers, for the kernels: where it changes anything, closed places, added edges by target."""

    marked: Bytes
    closed: Ints  # places in the rows, sorted
    closed_delta: Ints  # places in the delta, sorted
    target: Ints  # of added edges, sorted
    source: Ints
    type: Bytes


class Scratch(NamedTuple):
    """What one worker needs for one question at a time: 17 bytes a CI."""

    seen: Bytes
    queue: Ints
    hops: Ints
    via: Ints
    late: Ints


def spread(
    rows: Rows, delta: Delta, length: int, steps: Steps, proposed: bool, soft: Bytes, graded: bool,
    count: int, at: int, recent: bool, scratch: Scratch, stop: int,
) -> int:  # fmt: skip
    """Everything a failure of the first `count` CIs of the queue, marked DOWN, travels to.

    `graded` tells down from degraded; `stop` ends it once that CI is found (-1: none);
    `recent`: `at` is not before the rows were made, so only edges open then, and the delta, can hold.
    """
    view = _View(rows, delta, length, steps, proposed, at, recent)
    seen, queue, hops, via = scratch.seen, scratch.queue, scratch.hops, scratch.via
    starts = queue[:count]
    first, depth = 0, 0
    while first < count and not (stop >= 0 and seen[stop]):
        found, owner, _ = view.dependents(queue[first:count])
        fresh = seen[found] == 0
        found, where = np.unique(found[fresh], return_index=True)
        depth += 1
        place = slice(count, count + len(found))
        queue[place], hops[place], via[place] = found, depth, owner[fresh][where] + first
        seen[found] = DOWN
        first, count = count, count + len(found)
    if graded:
        _grade(view, soft, starts, seen, queue[:count])
    return count


def _grade(view: _View, soft: Bytes, starts: Ints, seen: Bytes, reached: Ints) -> None:
    """Down is what hard edges alone reach; the rest is degraded."""
    seen[reached] = DEGRADED
    seen[starts] = DOWN
    frontier = starts
    while len(frontier):
        found, _, kind = view.dependents(frontier)
        frontier = np.unique(found[(soft[kind] == 0) & (seen[found] == DEGRADED)])
        seen[frontier] = DOWN


class _View:
    """The edges that hold at one sequence, and in the proposed state."""

    def __init__(
        self, rows: Rows, delta: Delta, length: int, steps: Steps, proposed: bool, at: int, recent: bool
    ) -> None:
        self._rows, self._delta, self._length = rows, delta, length
        self._steps, self._proposed, self._at, self._recent = steps, proposed, at, recent

    def dependents(self, frontier: Ints) -> tuple[Ints, NDArray[np.int64], Bytes]:
        """Who depends on these: the dependent, the place in `frontier` it was found from, and the relation."""
        parts = [self._of_rows(frontier), *self._of_delta(frontier)]
        if self._proposed:
            parts.append(self._of_steps(frontier))
        found, owner, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
        return found, owner, kind

    def _of_rows(self, frontier: Ints) -> tuple[Ints, NDArray[np.int64], Bytes]:
        rows = self._rows
        old = np.flatnonzero(frontier < len(rows.nopen))
        cis = frontier[old]
        begin = rows.ptr[cis].astype(np.int64)
        size = (rows.nopen[cis] if self._recent else np.diff(rows.ptr)[cis]).astype(np.int64)
        owner = np.repeat(old, size)
        place = np.repeat(begin - (np.cumsum(size) - size), size) + np.arange(int(size.sum()))
        keep = (rows.begin[place] <= self._at) & (rows.end[place] > self._at)
        if self._proposed:
            keep &= ~np.isin(place, self._steps.closed)
        place = place[keep]
        return rows.nbr[place], owner[keep], rows.type[place]

    def _of_delta(self, frontier: Ints) -> list[tuple[Ints, NDArray[np.int64], Bytes]]:
        """Follow all chains at once, a link at a time."""
        delta, parts = self._delta, []
        owner = np.flatnonzero(delta.touched[frontier]) if self._recent else np.empty(0, np.int64)
        link = delta.head[frontier[owner]]
        while len(link):
            owner, link = owner[link >= 0], link[link >= 0]
            keep = (link < self._length) & (delta.begin[link] <= self._at) & (delta.end[link] > self._at)
            if self._proposed:
                keep &= ~np.isin(link, self._steps.closed_delta)
            parts.append((delta.source[link[keep]], owner[keep], delta.type[link[keep]]))
            link = delta.next[link]
        return parts

    def _of_steps(self, frontier: Ints) -> tuple[Ints, NDArray[np.int64], Bytes]:
        order = np.argsort(frontier)
        place = np.searchsorted(frontier, self._steps.target, sorter=order).clip(max=len(frontier) - 1)
        owner = order[place]
        keep = frontier[owner] == self._steps.target
        return self._steps.source[keep], owner[keep], self._steps.type[keep]
