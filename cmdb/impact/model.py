"""The dependency model a failure travels in: every CI needs all of its groups, a group needs k of its members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cmdb.errors import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One dependency that carries failure, dependent → dependency."""

    id: str
    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Group:
    """What one dependent needs together: members that weigh `k_min` to live, `k_full` to be undisturbed.

    `k_full` 0 means as `k_min`, no `weights` mean 1 each. A soft group never takes its dependent below degraded. A
    lone edge is a group of one. A group that can never be met is made, evaluated as it stands, and told by `fault`.
    `name` is the rule of people or the relation it comes from.
    """

    edges: tuple[Edge, ...]
    k_min: int = 1
    k_full: int = 0
    soft: bool = False
    weights: tuple[int, ...] = ()
    name: str = ""
    total: int = field(init=False, compare=False, repr=False)
    """The weight of all members."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "k_full", self.k_full or self.k_min)
        object.__setattr__(self, "weights", self.weights or (1,) * len(self.edges))
        object.__setattr__(self, "total", sum(self.weights))
        if len(self.weights) != len(self.edges):
            raise Invalid(f"{len(self.edges)} members need as many weights, not {len(self.weights)}", where="group")
        if min(self.weights, default=1) < 1:
            raise Invalid(f"a weight is 1 or more, not {min(self.weights)}", where="group")
        if not 1 <= self.k_min <= self.k_full:
            raise Invalid(f"needs 1 ≤ {self.k_min} ≤ {self.k_full} members", where="group")

    @property
    def fault(self) -> str | None:
        """Why it can never be met, or never be whole; None when it can."""
        if not self.edges:
            return "has no member"
        if self.k_min > self.total:
            return f"needs {self.k_min} of {self.total}"
        return f"is whole with {self.k_full} of {self.total} only" if self.k_full > self.total else None


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with how a CI's redundancy is declared: the rule as written, and why it cannot be right."""

    ci: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Model:
    """All groups by dependent, and for each CI the dependents that have it in a group.

    `all` numbers every group (its dependent beside it); `uses` has for a CI the groups it is in, with its weight.
    """

    groups: Mapping[str, tuple[Group, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    all: tuple[tuple[str, Group], ...] = field(repr=False)
    uses: Mapping[str, tuple[tuple[int, int], ...]] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    faulty: frozenset[str] = frozenset()
    """The dependents of groups that can never be met, or never be whole."""
    first: Mapping[str, int] = field(default_factory=dict, repr=False)
    """The number of each dependent's first group; the others follow."""


def model(groups: Mapping[str, Iterable[Group]], problems: Iterable[Problem] = ()) -> Model:
    """A model from groups by dependent; who depends on whom follows, and so do the faults of groups."""
    found = {source: tuple(groups[source]) for source in sorted(groups)}
    every = tuple((source, group) for source, own in found.items() for group in own)
    uses: dict[str, list[tuple[int, int]]] = defaultdict(list)
    dependents: dict[str, dict[str, None]] = defaultdict(dict)
    for number, (source, group) in enumerate(every):
        for edge, weight in zip(group.edges, group.weights, strict=True):
            uses[edge.target].append((number, weight))
            dependents[edge.target][source] = None
    first: dict[str, int] = {}
    for number, (source, _) in enumerate(every):
        first.setdefault(source, number)
    faults = [Problem(ci, group.name, f"it {fault}") for ci, group in every if (fault := group.fault)]
    return Model(
        found, {t: tuple(s) for t, s in dependents.items()}, every, {t: tuple(u) for t, u in uses.items()},
        tuple(sorted({*problems, *faults})), frozenset(fault.ci for fault in faults), first,
    )  # fmt: skip
