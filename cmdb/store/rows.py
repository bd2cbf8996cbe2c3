"""What questions to the store return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""A CI's properties: id, class, name, status, rev, first_seen, parent, key, source, valid_from and its attributes."""


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge with its validity [valid_from, valid_to) in journal sequence numbers; None means still open."""

    id: str
    type: str
    source: str
    target: str
    valid_from: int
    valid_to: int | None
    scope: str
    endpoint: str | None
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the dependency graph at one sequence: CIs by id and the edges between them."""

    sequence: int
    nodes: Mapping[str, Row]
    edges: tuple[EdgeRow, ...]
    truncated: str | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """Paths as chains of edges, shortest first; `truncated` says why there may be others."""

    paths: tuple[tuple[EdgeRow, ...], ...]
    truncated: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list and whether more follow."""

    rows: tuple[Row, ...]
    more: bool
