"""Random dependency models, and their truth by enumeration: nothing here knows how the engine computes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from math import prod
from random import Random

import numpy as np
from numpy.typing import NDArray

from cmdb.impact.model import Edge, Group, Model, model

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "300"))
"""Graphs per property; see CONTRIBUTING.md for the large numbers."""

Bits = NDArray[np.bool_]


def random_model(random: Random, size: int, dense: bool = False) -> Model:
    """CIs "0" to size − 1 with groups, weights, soft groups, cycles, repeated members and some impossible rules.

    A dense one has more groups, so that "0" hangs on most CIs.
    """
    groups = {}
    for ci in range(size):
        many = random.choice([1, 1, 2, 3] if dense else [0, 1, 1, 2])
        mine = [group for _ in range(many) if (group := _group(random, ci, size))]
        if mine:
            groups[str(ci)] = mine
    return model(groups)


def _group(random: Random, ci: int, size: int) -> Group | None:
    members = [random.randrange(size) for _ in range(random.randint(1, 4))]
    if random.random() < 0.6:
        members = [m for m in members if m > ci]
    if not members:
        return None
    weights = tuple(random.choice([1, 1, 2]) for _ in members)
    edges = tuple(Edge(f"{ci}>{m}:{i}", "DEPENDS_ON", str(ci), str(m)) for i, m in enumerate(members))
    k = random.randint(1, sum(weights) + (random.random() < 0.05))
    return Group(edges, k, soft=random.random() < 0.1, weights=weights)


def down(of: Model, failed: Iterable[str]) -> set[str]:
    """Everything that is down when these are, straight from the definition."""
    found = set(failed)
    while new := {
        ci for ci, groups in of.groups.items() if ci not in found and not all(_holds(g, found) for g in groups)
    }:
        found |= new
    return found


def _holds(group: Group, lost: set[str]) -> bool:
    left = sum(w for edge, w in zip(group.edges, group.weights, strict=True) if edge.target not in lost)
    return group.soft or left >= group.k_min


def states(events: list[str]) -> Iterator[set[str]]:
    """Every set of failed events."""
    for bits in product((False, True), repeat=len(events)):
        yield {event for event, bit in zip(events, bits, strict=True) if bit}


def likelihood(events: list[str], lost: set[str], q: dict[str, float]) -> float:
    """How likely exactly these are down."""
    return prod(q[event] if event in lost else 1 - q[event] for event in events)


def minimal_sets(events: list[str], bad: list[set[str]]) -> set[frozenset[str]]:
    """The sets of a family (closed upwards) that contain no other: taking any one element away leaves the family."""
    family = {frozenset(one) for one in bad}
    return {one for one in family if not any(one - {event} in family for event in one)}


@cache
def numbered(size: int) -> Bits:
    """All 2ⁿ sets of failed CIs: a row for each CI, a column for each set; CI i is bit i of the column's number."""
    return (np.arange(1 << size) >> np.arange(size)[:, None] & 1).astype(bool)


def fallen(of: Model, size: int, failed: Iterable[str] = ()) -> Bits:
    """For CIs "0" to size − 1: which are down in each of the 2ⁿ states, besides `failed`; `down` for all at once."""
    lost = numbered(size).copy()
    lost[[int(ci) for ci in failed]] = True
    while True:
        before = int(lost.sum())
        for ci, groups in of.groups.items():
            for group in groups:
                if not group.soft:
                    lost[int(ci)] |= _left(group, lost) < group.k_min
        if int(lost.sum()) == before:
            return lost


def _left(group: Group, lost: Bits) -> NDArray[np.int64]:
    left = np.zeros(lost.shape[1], np.int64)
    for edge, weight in zip(group.edges, group.weights, strict=True):
        left += weight * ~lost[int(edge.target)]
    return left


def chance(bad: Bits, q: list[float]) -> float:
    """How likely one of these states is: CI by CI, the last first, both sides of each weighed and put together."""
    left = bad.astype(float)
    for one in reversed(q):
        up, down = left.reshape(2, -1)
        left = (1 - one) * up + one * down
    return float(left[0])


def least(bad: Bits) -> set[frozenset[str]]:
    """`minimal_sets` of the states of a family, in columns as `numbered` has them."""
    size = len(bad).bit_length() - 1
    states, minimal = np.arange(len(bad)), bad.copy()
    for bit, there in enumerate(numbered(size)):
        minimal &= ~(there & bad[states ^ (1 << bit)])
    return {frozenset(str(i) for i in range(size) if state >> i & 1) for state in np.flatnonzero(minimal).tolist()}
