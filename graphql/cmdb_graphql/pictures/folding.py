"""From thousands of hits to at most sixty boxes: alike siblings are folded, what is still too much is counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.radius import DEGREES, Hit, Radius, depths

MOST_BOXES = 60
MOST_ROWS = 24
"""Boxes below each other in one column."""
MOST_COLUMNS = 12
"""Hops drawn; who is farther away is counted in the last column."""
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


@dataclass(slots=True)
class _Columns:
    """Hits by column, and everybody's name; at risk comes behind all hops."""

    by_column: list[list[Hit]]
    names: dict[str, str]
    beyond: set[str] = field(default_factory=set)


def boxes(radius: Radius, path: Sequence[Hit]) -> list[Box]:
    """The boxes, column by column, the path's first, then by their parents and worst first; the path is never cut."""
    columns = _columns(radius)
    bold = {hit.id for hit in path}
    found: list[Box] = []
    for key, apart in STAGES:
        found = _folded(columns, key, apart, bold)
        sizes = [sum(box.column == n for box in found) for n in range(len(columns.by_column))]
        if len(found) <= MOST_BOXES and max(sizes, default=0) <= MOST_ROWS:
            return found
    return _folded(columns, *STAGES[-1], bold, _share(sizes))


def _columns(radius: Radius) -> _Columns:
    depth = depths(radius.failed, radius.hits)
    deepest = min(max(depth.values(), default=0), MOST_COLUMNS)
    by_column: list[list[Hit]] = [[] for _ in range(deepest + 1)]
    for hit in (*radius.failed, *radius.hits):
        by_column[min(depth[hit.id], MOST_COLUMNS)].append(hit)
    if radius.at_risk:
        by_column.append(list(radius.at_risk))
    names = {hit.id: hit.name for hit in (*radius.failed, *radius.hits)}
    return _Columns(by_column, names, {ci for ci, hops in depth.items() if hops > MOST_COLUMNS})


def _share(sizes: Sequence[int]) -> int:
    """The most rows a column may have so that all together fit."""
    return next(rows for rows in range(MOST_ROWS, 0, -1) if sum(min(size, rows) for size in sizes) <= MOST_BOXES)


def _folded(columns: _Columns, key: Key, apart: int, bold: set[str], rows: int | None = None) -> list[Box]:
    """Column by column, since alike ones have the same parent boxes; with `rows` also cut to so many a column."""
    found: list[Box] = []
    place_of: dict[str, int] = {}
    for column, hits in enumerate(columns.by_column):
        near = [hit for hit in hits if hit.id not in columns.beyond]
        made = _column(columns, column, near, key, apart, place_of, bold)
        far = [hit for hit in hits if hit.id in columns.beyond]
        made = _cut(made, far, column, bold, rows)
        for box in made:
            place_of.update((hit.id, len(found)) for hit in box.hits)
            found.append(box)
    return found


def _column(
    columns: _Columns, column: int, hits: Sequence[Hit], key: Key, apart: int, place_of: dict[str, int], bold: set[str]
) -> list[Box]:
    """Folded by what is alike; the path stays apart, so that it can be read."""
    groups: dict[Hashable, list[Hit]] = {}
    for hit in hits:
        if hit.id not in bold:
            like = key(_parents([hit], place_of), hit, columns.names.get(hit.parent or "", ""))
            groups.setdefault(like, []).append(hit)
    found = [Box(column, (hit,), _parents([hit], place_of)) for hit in hits if hit.id in bold]
    for group in groups.values():
        parts = [group] if len(group) > apart else [[hit] for hit in group]
        found += [Box(column, tuple(_ordered(part)), _parents(part, place_of)) for part in parts]
    return sorted(found, key=lambda box: (_off(box, bold), box.parents, _rank(box), box.hits[0].name, box.hits[0].id))


def _off(box: Box, bold: set[str]) -> bool:
    return bold.isdisjoint(hit.id for hit in box.hits)


def _ordered(hits: Sequence[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.name, hit.id))


def _rank(box: Box) -> tuple[int, int]:
    return DEGREES.index(box.degree), -len(box.hits)


def _parents(hits: Sequence[Hit], place_of: dict[str, int]) -> tuple[int, ...]:
    return tuple(sorted({place_of[hit.parent] for hit in hits if hit.parent in place_of}))


def _cut(made: list[Box], far: Sequence[Hit], column: int, bold: set[str], rows: int | None) -> list[Box]:
    """Keep the path, then the worst; the others, and who is too far away, are counted in one last box."""
    room = len(made) if rows is None else rows - bool(far)
    if len(made) <= room and not far:
        return made
    if len(made) > room:
        room = max(room - (not far), 0)
    best = sorted(range(len(made)), key=lambda n: (_off(made[n], bold), _rank(made[n]), n))
    kept = set(best[:room])
    rest = [box for n, box in enumerate(made) if n not in kept]
    hits = _ordered([*(hit for box in rest for hit in box.hits), *far])
    parents = tuple(sorted({parent for box in rest for parent in box.parents}))
    last = replace(Box(column, tuple(hits), parents), rest=True)
    return [*(box for n, box in enumerate(made) if n in kept), last]
