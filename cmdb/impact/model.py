"""The dependency model a failure travels in: every CI needs all of its groups, a group needs k of its members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb.words import Failure, RelationType


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One dependency that carries failure, dependent → dependency."""

    id: str
    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Group:
    """What one dependent needs together: at least `k_min` members to live, `k_full` to be undisturbed.

    A soft group never takes its dependent below degraded. A lone edge is a group of one.
    """

    edges: tuple[Edge, ...]
    k_min: int = 1
    k_full: int = 1
    soft: bool = False

    def __post_init__(self) -> None:
        if not self.edges:
            raise Invalid("a group needs at least one member", where="group")
        if not 1 <= self.k_min <= self.k_full <= len(self.edges):
            raise Invalid(f"needs 1 ≤ {self.k_min} ≤ {self.k_full} ≤ {len(self.edges)} members", where="group")


@dataclass(frozen=True, slots=True)
class Model:
    """All groups by dependent, and for each CI the dependents that have it in a group."""

    groups: Mapping[str, tuple[Group, ...]]
    dependents: Mapping[str, tuple[str, ...]]


def model_of(edges: Iterable[tuple[str, str, str, str]], relations: Mapping[str, RelationType]) -> Model:
    """The model of plain edges (id, type, source, target): each alone is needed, hard or soft as its type says."""
    groups: dict[str, list[Group]] = defaultdict(list)
    for edge in sorted(Edge(*parts) for parts in edges):
        failure = relations[edge.type].failure
        if failure is not Failure.NEVER:
            groups[edge.source].append(Group((edge,), soft=failure is Failure.SOFT))
    return model(groups)


def model(groups: Mapping[str, Iterable[Group]]) -> Model:
    """A model from groups by dependent; who depends on whom follows."""
    dependents: dict[str, dict[str, None]] = defaultdict(dict)
    for source in sorted(groups):
        for group in groups[source]:
            for edge in group.edges:
                dependents[edge.target][source] = None
    return Model({s: tuple(g) for s, g in groups.items()}, {t: tuple(s) for t, s in dependents.items()})
