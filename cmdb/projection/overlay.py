"""A proposed state: what would be added, closed and retired, on top of a sequence. Nothing of it touches the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from cmdb.errors import Invalid, TooLarge

MOST = 1000
"""Steps of one proposed state."""


@dataclass(frozen=True, slots=True, order=True)
class ProposedEdge:
    """A dependency by relation and public ids, dependent → dependency."""

    type: str
    source: str
    target: str

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise Invalid(f"{self.source!r} cannot depend on itself", where="proposed")


@dataclass(frozen=True, slots=True)
class Overlay:
    """Dependencies added and closed, and CIs retired with every edge at them."""

    add: tuple[ProposedEdge, ...] = ()
    close: tuple[ProposedEdge, ...] = ()
    retire: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if len(self.add) + len(self.close) + len(self.retire) > MOST:
            raise TooLarge(f"a proposed state has at most {MOST} steps", where="proposed")
        for name, steps in (("add", self.add), ("close", self.close)):
            if twice := _twice(steps):
                raise Invalid(f"{twice} is named twice", where=f"proposed.{name}")
        if both := set(self.add) & set(self.close):
            raise Invalid(f"{min(both)} is both added and closed", where="proposed")
        for edge in self.add:
            if gone := self.retire & {edge.source, edge.target}:
                raise Invalid(f"{min(gone)!r} is retired and cannot have a new dependency", where="proposed.add")

    def __bool__(self) -> bool:
        return bool(self.add or self.close or self.retire)

    @property
    def cis(self) -> frozenset[str]:
        """Every CI it names."""
        return frozenset(ci for e in (*self.add, *self.close) for ci in (e.source, e.target)) | self.retire

    def hides(self, kind: str, source: str, target: str) -> bool:
        """Whether an edge that is there would be there no more."""
        return source in self.retire or target in self.retire or ProposedEdge(kind, source, target) in self.close


def _twice(steps: Iterable[Hashable]) -> Hashable | None:
    return next((step for step, count in Counter(steps).items() if count > 1), None)
