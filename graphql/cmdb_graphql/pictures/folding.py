"""From thousands of hits to at most sixty boxes: alike siblings are folded, what is still too much is counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.radius import DEGREES, Hit, Radius, depths

MOST_BOXES = 60
MOST_ROWS = 24
"""Boxes below each other in one column."""
MOST_COLUMNS = 10
"""Hops with columns of their own."""
ALIKE = 5
"""More alike siblings than this become one box."""


@dataclass(frozen=True, slots=True)
class Box:
    """One hit, several alike, or (`rest`) the ones for whom there is no room. `parents` are places in the list."""

    column: int
    hits: tuple[Hit, ...]
    parents: tuple[int, ...] = ()
    rest: bool = False

    @property
    def degree(self) -> str:
        """The worst inside."""
        return words.worst(self.hits)


def alike(hits: Sequence[Hit], names: Mapping[str, str]) -> list[list[Hit]]:
    """Siblings, folded where more than ALIKE have class, degree and reason in common; else each by itself.

    In their own order, a fold where its first one stood. `names` gives every dependency's name by its id.
    """
    groups: dict[Hashable, list[Hit]] = {}
    for hit in hits:
        groups.setdefault((hit.cls, hit.degree, words.like(hit, names.get(hit.parent or "", ""))), []).append(hit)
    large = {group[0].id: group for group in groups.values() if len(group) > ALIKE}
    inside = {hit.id for group in large.values() for hit in group}
    return [large.get(hit.id, [hit]) for hit in hits if hit.id in large or hit.id not in inside]


Key = Callable[[tuple[int, ...], Hit, str], Hashable]
"""What makes hits alike: their parent boxes, themselves, and the name of their dependency."""


def _siblings(parents: tuple[int, ...], hit: Hit, name: str) -> Hashable:
    return parents, hit.cls, hit.degree, words.like(hit, name)


def _class_of_siblings(parents: tuple[int, ...], hit: Hit, _: str) -> Hashable:
    return parents, hit.cls, hit.degree


def _class(_: tuple[int, ...], hit: Hit, __: str) -> Hashable:
    return hit.cls, hit.degree


STAGES: tuple[tuple[Key, int], ...] = ((_siblings, ALIKE), (_class_of_siblings, 1), (_class, 1))
"""Tried in this order until the boxes fit: what is alike, and how many of it may stay apart."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which hops share a column. `first` to `last` are squeezed into one (None: none), what is behind moves up."""

    deepest: int
    first: int | None = None
    last: int | None = None

    def of(self, hops: int) -> int:
        """The column of a hit so many hops away."""
        if self.first is None or self.last is None or hops <= self.first:
            return hops
        return self.first if hops <= self.last else hops - (self.last - self.first)

    def heading(self, column: int) -> str:
        """What stands above it."""
        if column == 0:
            return "stops"
        if self.first is None or self.last is None or column < self.first:
            return f"{column} hop" if column == 1 else f"{column} hops"
        behind = column + self.last - self.first
        return f"{self.first} to {self.last:,} hops" if column == self.first else f"{behind:,} hops"


def columns(deepest: int, most: int) -> Columns:
    """A column a hop; of more than `most` hops the middle ones share one, for both ends say most."""
    if deepest <= most:
        return Columns(deepest)
    head = most // 2
    return Columns(deepest, head + 1, deepest - (most - head - 1))


def boxes(radius: Radius, path: Sequence[Hit], most: int = MOST_COLUMNS) -> tuple[list[Box], Columns]:
    """The boxes by column: the path's first, then the nearest, by parents, worst first; the path is never cut."""
    depth = depths(radius.failed, radius.hits)
    shape = columns(max(depth.values(), default=0), most)
    by_column: list[list[Hit]] = [[] for _ in range(shape.of(shape.deepest) + 1)]
    for hit in (*radius.failed, *radius.hits):
        by_column[shape.of(depth[hit.id])].append(hit)
    if radius.at_risk:
        by_column.append(list(radius.at_risk))
    apart = {hit.id for hit in path if shape.of(depth[hit.id]) != shape.first}
    names = {hit.id: hit.name for hit in (*radius.failed, *radius.hits)}
    folding = _Folding(by_column, names, depth, apart, {hit.id for hit in path})
    rows = MOST_ROWS if shape.first is None else MOST_ROWS // 3  # many hops in one column say enough by class
    found: list[Box] = []
    sizes: list[int] = []
    for key, alone in STAGES:
        found = folding.folded(key, alone)
        sizes = [sum(box.column == n for box in found) for n in range(len(by_column))]
        if len(found) <= MOST_BOXES and max(sizes) <= rows:
            return found, shape
    return folding.folded(*STAGES[-1], _share(sizes)), shape


def _share(sizes: Sequence[int]) -> int:
    """The most rows a column may have so that all together fit."""
    return next(rows for rows in range(MOST_ROWS, 0, -1) if sum(min(size, rows) for size in sizes) <= MOST_BOXES)


@dataclass(frozen=True, slots=True)
class _Folding:
    """The hits by column, everybody's name and hops by id, who is drawn apart, and who is on the path at all."""

    by_column: list[list[Hit]]
    names: dict[str, str]
    depth: Mapping[str, int]
    apart: set[str]
    path: set[str]

    def folded(self, key: Key, alone: int, rows: int | None = None) -> list[Box]:
        """Column by column, since alike ones have the same parent boxes; with `rows` also cut to so many a column."""
        found: list[Box] = []
        place_of: dict[str, int] = {}
        for column, hits in enumerate(self.by_column):
            made = _cut(self._column(column, hits, key, alone, place_of), self.apart, rows)
            for box in made:
                place_of.update((hit.id, len(found)) for hit in box.hits)
                found.append(box)
        return found

    def _column(self, column: int, hits: Sequence[Hit], key: Key, alone: int, place_of: dict[str, int]) -> list[Box]:
        """Folded by what is alike; the path stays apart, so that it can be read."""
        groups: dict[Hashable, list[Hit]] = {}
        for hit in hits:
            if hit.id not in self.apart:
                like = key(_parents([hit], place_of), hit, self.names.get(hit.parent or "", ""))
                groups.setdefault(like, []).append(hit)
        found = [Box(column, (hit,), _parents([hit], place_of)) for hit in hits if hit.id in self.apart]
        for group in groups.values():
            parts = [group] if len(group) > alone else [[hit] for hit in group]
            found += [Box(column, tuple(_ordered(part)), _parents(part, place_of)) for part in parts]
        return sorted(
            found,
            key=lambda box: (
                _off(box, self.apart), min(self.depth.get(hit.id, 0) for hit in box.hits), _off(box, self.path),
                box.parents, _rank(box), box.hits[0].name, box.hits[0].id,
            ),
        )  # fmt: skip


def _off(box: Box, bold: set[str]) -> bool:
    return bold.isdisjoint(hit.id for hit in box.hits)


def _ordered(hits: Sequence[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.name, hit.id))


def _rank(box: Box) -> tuple[int, int]:
    return DEGREES.index(box.degree), -len(box.hits)


def _parents(hits: Sequence[Hit], place_of: dict[str, int]) -> tuple[int, ...]:
    return tuple(sorted({place_of[hit.parent] for hit in hits if hit.parent in place_of}))


def _cut(made: list[Box], bold: set[str], rows: int | None) -> list[Box]:
    """Keep the path, then the worst; the others are counted in one last box."""
    if rows is None or len(made) <= rows:
        return made
    best = sorted(range(len(made)), key=lambda n: (_off(made[n], bold), _rank(made[n]), n))
    kept = set(best[: max(rows - 1, 1)])
    rest = [box for n, box in enumerate(made) if n not in kept]
    hits = _ordered([hit for box in rest for hit in box.hits])
    parents = tuple(sorted({parent for box in rest for parent in box.parents}))
    return [*(box for n, box in enumerate(made) if n in kept), Box(rest[0].column, tuple(hits), parents, rest=True)]
