"""The arrays: dependencies as compressed rows, and what was opened or closed since they were made.

A row of `Rows` is what depends on one CI (failure travels that way): the dependents at `ptr[ci]:ptr[ci + 1]`, first
those by edges that were open when the rows were made, `nopen[ci]` of them. A question about now scans only these. An
edge holds in [begin, end), in journal sequences; OPEN stands for an end that has not come. `Delta` chains the edges
opened since by dependency; an edge closed since gets its `end` written in place, which changes nothing for who asks of
an earlier sequence. So a reader needs a sequence and no lock.

Both are named tuples, because compiled code takes those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]

OPEN = 2**31 - 1
"""The `end` of an edge that is open: later than any journal sequence."""


class Edges(NamedTuple):
    """Edges in no order: dependent, dependency, relation, validity, redundancy group (-1: needed alone)."""

    source: Ints
    target: Ints
    type: Bytes
    begin: Ints
    end: Ints
    group: Ints | None = None


class Rows(NamedTuple):
    """Reverse rows: 13 bytes an edge and 8 a CI; `group` (4 more an edge) only where there are redundancy groups."""

    ptr: Ints
    nopen: Ints
    nbr: Ints
    type: Bytes
    begin: Ints
    end: Ints


class Forward(NamedTuple):
    """Forward rows: for each dependent its dependencies, and where the edge lies in the reverse rows."""

    ptr: Ints
    nbr: Ints
    place: Ints


class Delta(NamedTuple):
    """What came since: `head[ci]` begins a chain through `next` (-1 ends it) of edges to that dependency.

    `touched[ci]` is 1 when an edge to it was opened or closed since. All arrays have room; only what lies before a
    reader's pinned length counts for it.
    """

    head: Ints
    touched: Bytes
    next: Ints
    source: Ints
    target: Ints
    type: Bytes
    begin: Ints
    end: Ints

    def chain(self, ci: int) -> Iterator[int]:
        """The places of the edges to one dependency, newest first."""
        place = int(self.head[ci])
        while place >= 0:
            yield place
            place = int(self.next[place])


class Groups(NamedTuple):
    """What each redundancy group needs: `k_min` members to live, `k_full` to be undisturbed; soft ones degrade."""

    k_min: Ints
    k_full: Ints
    soft: Bytes


NO_GROUPS = Groups(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8))


@dataclass(frozen=True, slots=True)
class Base:
    """Rows both ways as of `sequence`. Nothing in it changes but `rows.end`, from OPEN to a later sequence, once."""

    sequence: int
    rows: Rows
    forward: Forward
    group: Ints | None = None
    groups: Groups = NO_GROUPS

    @property
    def cis(self) -> int:
        """How many CIs have rows."""
        return len(self.rows.nopen)

    @property
    def edges(self) -> int:
        """How many edges, closed ones included."""
        return len(self.rows.nbr)

    def places(self, source: int, target: int) -> Ints:
        """Where the edges from one CI to another lie in the reverse rows; a scan of the dependent's few edges."""
        first, last = self.forward.ptr[source], self.forward.ptr[source + 1]
        found: Ints = self.forward.place[first:last][self.forward.nbr[first:last] == target]
        return found

    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays: list[NDArray[Any]] = [*self.rows, *self.forward, *self.groups]
        return sum(a.nbytes for a in arrays) + (0 if self.group is None else self.group.nbytes)


Sort = Callable[[Ints, int], Ints]
"""The stable order of keys from 0 to below a size."""


def sort(keys: Ints, _size: int) -> Ints:
    """The order by comparing keys; `kernel_numba.sort` counts them."""
    return np.argsort(keys, kind="stable").astype(np.int32)


def build(cis: int, edges: Edges, sequence: int, groups: Groups = NO_GROUPS, sort: Sort = sort) -> Base:
    """Rows from edges, as of `sequence`: what ends later is open. Stable, so the same edges give the same rows."""
    closed = edges.end <= sequence
    order = sort(edges.target * np.int32(2) + closed, 2 * cis)
    fan_in = np.bincount(edges.target, minlength=cis)
    nopen = np.bincount(edges.target[~closed], minlength=cis).astype(np.int32)
    rows = Rows(
        _pointers(fan_in), nopen, edges.source[order], edges.type[order], edges.begin[order], edges.end[order]
    )  # fmt: skip
    group = None if edges.group is None else edges.group[order]
    return Base(sequence, rows, _forward(cis, rows, sort), group, groups)


def _forward(cis: int, rows: Rows, sort: Sort) -> Forward:
    """The forward rows that belong to reverse rows."""
    place = sort(rows.nbr, cis)
    return Forward(_pointers(np.bincount(rows.nbr, minlength=cis)), targets(rows)[place], place)


def targets(rows: Rows) -> Ints:
    """The dependency of each edge, in the order of the rows."""
    return np.repeat(np.arange(len(rows.nopen), dtype=np.int32), np.diff(rows.ptr))


def empty_delta(cis: int, edges: int) -> Delta:
    """A delta with room for so many CIs and edges."""
    ints = [np.empty(edges, np.int32) for _ in range(5)]
    head = np.full(cis, -1, np.int32)
    return Delta(head, np.zeros(cis, np.uint8), ints[0], ints[1], ints[2], np.empty(edges, np.uint8), ints[3], ints[4])


def _pointers(counts: NDArray[np.int64]) -> Ints:
    out = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=out[1:])
    return out
