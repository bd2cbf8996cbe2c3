"""What matters of a recorded device, quickly: of two million lines those that are asked for, or that could be a field.

A line is judged by its text, before anything is made of it: most of a large recording is counters that nobody reads.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cmdb_agents.device import CONTEXT_COLUMNS, all_mibs, wanted
from cmdb_agents.transports.snmp import SYSTEM
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Walk
from cmdb_agents.vendor import vendors

from .snmp_held import FEW, LONG, LONG_ROOT
from .snmp_replay import Data, lines

OCTETS = re.compile(r"4[ex:]?")


@cache
def roots() -> tuple[Oid, ...]:
    """Every column that any MIB's or family's file asks for."""
    mibs = (column for mib in all_mibs() for column in mib.columns)
    families = (column for vendor in vendors() for column in vendor.columns())
    return tuple(sorted({SYSTEM, *CONTEXT_COLUMNS, *mibs, *families}))


@dataclass(slots=True)
class Chosen:
    """Whether a line is kept: what lies under a root, what follows it (it ends a walk), and texts of short columns."""

    near: re.Pattern[str]
    behind: bool = False
    texts: Counter[str] = field(default_factory=Counter)

    def __call__(self, name: str, tag: str) -> bool:
        if self.near.match(name):
            self.behind = True
            return True
        if self.behind:
            self.behind = False
            return True
        return OCTETS.match(tag) is not None and self._few(name)

    def _few(self, name: str) -> bool:
        """As `snmp_held` bounds it: single values, and columns of few rows."""
        dots = name.count(".")
        if dots < LONG and name.endswith(".0"):
            return True
        column = name.rpartition(".")[0] if dots < LONG else ".".join(name.split(".", LONG_ROOT)[:LONG_ROOT])
        self.texts[column] += 1
        return self.texts[column] <= FEW + 1


def under(columns: Iterable[Oid]) -> re.Pattern[str]:
    """A pattern of all names, as text, under these columns; shared beginnings are looked at once."""
    tree: dict[int, dict] = {}  # type: ignore[type-arg]  # of itself
    for column in columns:
        at = tree
        for number in column:
            at = at.setdefault(number, {})
        at[-1] = {}

    def written(at: dict[int, dict]) -> str:  # type: ignore[type-arg]  # of itself
        if -1 in at:
            return ""
        branches = "|".join(rf"{number}\.{written(below)}" for number, below in at.items())
        return f"(?:{branches})" if len(at) > 1 else branches

    return re.compile(written(tree))


def rows(path: Path) -> Iterator[tuple[Oid, int, bytes]]:
    """(name, type, value's bytes) of what matters."""
    return lines(path, Chosen(under(roots())))


def due(data: Data, walk: Walk) -> set[Oid]:
    """The names of a recording that this walk had to find."""
    asked = sorted({SYSTEM, *wanted(walk)})
    return {name for name in data.names if _under(name, asked)}


def _under(name: Oid, asked: list[Oid]) -> bool:
    """Whether a column holds it; columns may lie in one another, so a few before it count."""
    at = bisect_right(asked, name)
    return any(name[: len(root)] == root and len(name) > len(root) for root in asked[max(0, at - 3) : at])
