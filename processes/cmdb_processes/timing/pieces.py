"""Looking for the cheapest starts without trying each: between two edges a cost is a straight line. Pure.

The cost of starting at t changes its slope only where a span begins or ends, seen from t or from t plus the duration.
Inside such a piece the best start is at one end, so pieces are merged by their best, and starts are taken one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import pairwise

from cmdb_processes.timing.spans import Span


class Amount:
    """How many seconds of some spans lie in a time; those in several count as often. Asked in logarithmic time."""

    def __init__(self, spans: Iterable[Span]) -> None:
        steps: dict[int, int] = {}
        for span in spans:
            steps[span.start] = steps.get(span.start, 0) + 1
            steps[span.end] = steps.get(span.end, 0) - 1
        self.edges = sorted(steps)
        self._level, self._until = [0], [0]  # how many spans are open behind an edge; the seconds before it
        for edge, before in zip(self.edges, [*self.edges[:1], *self.edges], strict=False):
            self._until.append(self._until[-1] + self._level[-1] * (edge - before))
            self._level.append(self._level[-1] + steps[edge])

    def within(self, span: Span) -> int:
        """The seconds inside a span."""
        return self._before(span.end) - self._before(span.start)

    def _before(self, at: int) -> int:
        n = bisect_right(self.edges, at)
        return self._until[n] + self._level[n] * (at - self.edges[n - 1]) if n else 0


def pieces(starts: Sequence[int], edges: Sequence[int]) -> Iterator[Sequence[int]]:
    """Starts (sorted) cut before each of the edges (sorted); none is empty."""
    low = bisect_right(edges, starts[0])
    high = bisect_left(edges, starts[-1], low)
    cuts = [0, *(bisect_left(starts, edge) for edge in edges[low : high + 1]), len(starts)]
    return (starts[begin:end] for begin, end in pairwise(cuts) if begin < end)


def cheapest(parts: Iterable[Sequence[int]], cost: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    """(cost, start), cheapest first, then earliest; in each part the cost is a straight line."""
    return merge(*(_along(part, cost) for part in parts))


def _along(part: Sequence[int], cost: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    falls = len(part) > 1 and cost(part[-1]) < cost(part[0])
    return ((cost(at), at) for at in (reversed(part) if falls else part))
