"""Random dependency models, and their truth by enumeration: nothing here knows how the engine computes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from random import Random

from cmdb.impact.model import Edge, Group, Model, model

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "300"))
"""Graphs per property; 100,000 take hours on one core."""


def random_model(random: Random, size: int) -> Model:
    """CIs "0" to size − 1 with groups, weights, soft groups, cycles, repeated members and some impossible rules."""
    groups = {}
    for ci in range(size):
        mine = [group for _ in range(random.choice([0, 1, 1, 2])) if (group := _group(random, ci, size))]
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
