"""How the rows of a file lie: how many there are, and how deep each is inside others. The order does not matter.

A file of millions is looked at whole and not kept: of each line a number stays.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cmdb_processes.cli.transfer import files

_NO_ROW, _OTHER, _TOP = -3, -2, -1
"""Of a line until all are read: none that is sent, a row that is no CI, a CI inside none; else where its parent is."""


@dataclass(slots=True)
class Layout:
    """What one look at a file found: how many rows, and what is no row.

    `levels` has a number for each line: how many rows of the file are above its CI, for an edge one more than any CI
    has, -3 where there is no row. `texts` and `parents` are rows, and what they are inside of, by their ref.
    """

    rows: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    levels: array[int] = field(default_factory=lambda: array("i", [_NO_ROW]))
    deepest: int = 0

    def on(self, level: int, line: int) -> bool:
        """Whether the row of a line is on a level; a line that was not there at the look is on none."""
        return line < len(self.levels) and self.levels[line] == level

    def depth(self, parent: str) -> int:
        """How many rows of the file are above one inside this parent; what is inside itself counts once around."""
        at: str | None = parent
        seen = set[str]()
        while at is not None and at not in seen:
            seen.add(at)
            at = self.parents.get(at)
        return len(seen)


def look(path: Path, kind: str, *, keep: bool) -> Layout:
    """Read the file once. `keep`: rows by their ref too, for a dry run, which must send again what it took back."""
    found = Layout()
    parents: dict[str, int] = {}
    for number, row in files.read(path, kind):
        found.rows += 1
        found.levels.extend([_NO_ROW] * (number - len(found.levels)))
        if isinstance(row, str):
            found.bad.append((number, row))
            continue
        ref, parent = row.get("ref"), row.get("parent")
        place = parents.setdefault(parent, len(parents)) if isinstance(parent, str) else _TOP
        found.levels.append(place if "class" in row else _OTHER)
        if isinstance(ref, str) and "type" not in row:
            if isinstance(parent, str):
                found.parents[ref] = parent
            if keep:
                found.texts[ref] = as_sent(row)
    _settle(found, [found.depth(parent) for parent in parents])
    if not keep:
        found.parents.clear()  # as many as there are rows, and only a dry run asks for them again
    return found


def _settle(found: Layout, depths: list[int]) -> None:
    """Levels instead of parents, now that all rows are known."""
    found.deepest = max((depths[place] for place in set(found.levels) if place >= 0), default=0)
    levels = {_NO_ROW: _NO_ROW, _OTHER: found.deepest + 1, _TOP: 0}
    for line, place in enumerate(found.levels):
        found.levels[line] = levels[place] if place < 0 else depths[place]


def in_order(path: Path, kind: str, layout: Layout) -> Iterator[tuple[int, files.Row]]:
    """The rows with their lines, parents before what is inside them, edges last; reads the file once a level."""
    for level in range(layout.deepest + 2):
        for number, row in files.read(path, kind, partial(layout.on, level)):
            if not isinstance(row, str):
                yield number, row


def as_sent(row: Mapping[str, Any]) -> str:
    """A row as it is sent."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
