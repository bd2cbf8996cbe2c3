"""The k shortest simple paths between two CIs, in an order that stays. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

MOST_STEPS = 50_000
"""Beginnings of paths looked at; in a dense graph most of them lead back to themselves."""

Hop = tuple[str, str, str]
"""An edge: its id, the dependent, the dependency."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths as edge ids, shortest first and then by these ids; `truncated` says why there may be others."""

    found: tuple[tuple[str, ...], ...]
    truncated: str | None = None


def k_shortest(edges: Iterable[Hop], source: str, target: str, k: int, max_hops: int) -> Paths:
    """At most `k` paths of at most `max_hops` edges that visit no CI twice.

    Beginnings are taken up in the order of the shortest length they can still reach, so paths come out in order.
    """
    after: dict[str, list[tuple[str, str]]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for edge, dependent, dependency in edges:
        after[dependent].append((edge, dependency))
        before[dependency].append(dependent)
    left = _distances(before, target)
    longer = _goes_on(after, source, target, max_hops)
    found: list[tuple[str, ...]] = []
    waiting: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = []
    if left.get(source, max_hops + 1) <= max_hops and source != target:
        heappush(waiting, (left[source], (), (source,)))
    for _ in range(MOST_STEPS):
        if not waiting:
            return Paths(tuple(found), f"ways of more than {max_hops} hops were not looked for" if longer else None)
        _, taken, visited = heappop(waiting)
        if visited[-1] == target:
            if len(found) == k:
                return Paths(tuple(found), f"there are more than {k} ways; these are the shortest")
            found.append(taken)
            continue
        for edge, ci in after[visited[-1]]:
            length = len(visited) + left.get(ci, max_hops)
            if ci in visited:
                continue
            longer |= length > max_hops and ci in left
            if length <= max_hops:
                heappush(waiting, (length, (*taken, edge), (*visited, ci)))
    return Paths(tuple(found), f"more than {MOST_STEPS:,} beginnings of ways were looked at")


def _goes_on(after: Mapping[str, Sequence[tuple[str, str]]], source: str, target: str, max_hops: int) -> bool:
    """Whether something else than the target lies at the last hop: what is behind it nobody has looked at."""
    seen, level = {source}, {source}
    for _ in range(max_hops):
        level = {ci for one in level if one != target for _, ci in after.get(one, ())} - seen
        seen |= level
    return bool(level - {target})


def _distances(before: Mapping[str, Sequence[str]], target: str) -> dict[str, int]:
    """How many hops each CI is from the target at least."""
    found, waiting = {target: 0}, deque([target])
    while waiting:
        ci = waiting.popleft()
        for dependent in before.get(ci, ()):
            if dependent not in found:
                found[dependent] = found[ci] + 1
                waiting.append(dependent)
    return found
