"""The dependency model a failure travels in: every CI needs all of its groups, a group needs k of its members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cmdb.errors import Invalid


class Edge(NamedTuple):
    """One dependency that carries failure, dependent → dependency. A tuple: a radius has thousands of them."""

    id: str
    type: str
    source: str
    target: str


class _Group(NamedTuple):
    edges: tuple[Edge, ...]
    k_min: int
    k_full: int
    soft: bool
    weights: tuple[int, ...]
    name: str
    total: int


_ONE = (1,)


class Group(_Group):
    """What one dependent needs together: members that weigh `k_min` to live, `k_full` to be undisturbed.

    `k_full` 0 means as `k_min`, no `weights` mean 1 each. A soft group never takes its dependent below degraded. A
    lone edge is a group of one. A group that can never be met is made, evaluated as it stands, and told by `fault`.
    `name` is the rule of people or the relation it comes from; `total` is the weight of all members.
    """

    __slots__ = ()

    def __new__(
        cls, edges: tuple[Edge, ...], k_min: int = 1, k_full: int = 0, soft: bool = False,
        weights: tuple[int, ...] = (), name: str = "",
    ) -> Group:  # fmt: skip
        k_full, weights = k_full or k_min, weights or (1,) * len(edges)
        if len(weights) != len(edges):
            raise Invalid(f"{len(edges)} members need as many weights, not {len(weights)}", where="group")
        if min(weights, default=1) < 1:
            raise Invalid(f"a weight is 1 or more, not {min(weights)}", where="group")
        if not 1 <= k_min <= k_full:
            raise Invalid(f"needs 1 ≤ {k_min} ≤ {k_full} members", where="group")
        return _Group.__new__(cls, edges, k_min, k_full, soft, weights, name, sum(weights))

    @classmethod
    def lone(cls, edge: Edge, soft: bool, name: str) -> Group:
        """`Group((edge,), soft=soft, name=name)`, several times quicker: most groups are such, and need no checks."""
        return tuple.__new__(cls, ((edge,), 1, 1, soft, _ONE, name, 1))

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
    """All groups by dependent.

    `all` numbers every group (its dependent beside it); `uses` has for a CI the groups it is in, with its weight.
    """

    groups: Mapping[str, tuple[Group, ...]]
    all: Sequence[tuple[str, Group]] = field(repr=False)
    uses: Mapping[str, Sequence[tuple[int, int]]] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    faulty: frozenset[str] = frozenset()
    """The dependents of groups that can never be met, or never be whole."""
    first: Mapping[str, int] = field(default_factory=dict, repr=False)
    """The number of each dependent's first group; the others follow."""

    @property
    def cis(self) -> frozenset[str]:
        """Every CI that needs another or is needed."""
        return frozenset(self.groups.keys() | self.uses.keys())

    def dependents(self, ci: str) -> Iterator[str]:
        """Who has a CI in a group; twice, who has it in two."""
        return (self.all[number][0] for number, _ in self.uses.get(ci, ()))


def model(groups: Mapping[str, Iterable[Group]], problems: Iterable[Problem] = ()) -> Model:
    """A model from groups by dependent; who depends on whom follows, and so do the faults of groups."""
    found: dict[str, tuple[Group, ...]] = {}
    every: list[tuple[str, Group]] = []
    uses: dict[str, list[tuple[int, int]]] = defaultdict(list)
    first: dict[str, int] = {}
    faults: list[Problem] = []
    for source in sorted(groups):
        own = found[source] = tuple(groups[source])
        if own:
            first[source] = len(every)
        for number, group in enumerate(own, len(every)):
            every.append((source, group))
            edges, _, k_full, _, weights, _, total = group  # all at once: a radius has thousands of them
            if len(edges) == 1:
                uses[edges[0][3]].append((number, weights[0]))
            else:
                for edge, weight in zip(edges, weights):  # noqa: B905  # as many: the group sees to it
                    uses[edge[3]].append((number, weight))
            if k_full > total:  # k_full is never less than k_min or 1
                faults.append(Problem(source, group.name, f"it {group.fault}"))
    return Model(
        found, every, dict(uses), tuple(sorted({*problems, *faults})), frozenset(fault.ci for fault in faults), first
    )  # fmt: skip
