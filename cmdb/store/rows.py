"""What questions to the store return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
"""A CI's properties: id, class, name, status, rev, first_seen, parent, key, source, valid_from and its attributes."""


def then(properties: Mapping[str, Any], at: int) -> Row:
    """A CI as it was at a sequence, from its node or one of its versions; `as_of` says so.

    Since when it was stale is left out: that is known of now only.
    """
    ci = properties.get("ci") or properties["id"]
    return {**{k: v for k, v in properties.items() if k not in _NOT_THEN}, "id": ci, "as_of": at}


POSED = "_posed"
"""In a row the proposed state it is of: not an attribute's name, so it is in nobody's way."""


_NOT_THEN = frozenset({"ci", "from", "to", "stale_since"})


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge with its validity [valid_from, valid_to) in journal sequence numbers; None means still open.

    `as_of` is the sequence it was asked for, None for now: its ends are CIs of then. `posed` is the proposed state it
    was asked for, None for things as they are. `worded` is the journal entry that has its evidence of then, where that
    is no longer the newest: `wording.as_worded` puts it in. `endpoints` are the addresses that its claims name, all of
    them: the surest one alone would forget how a configuration calls the other end.
    """

    id: str
    type: str
    source: str
    target: str
    valid_from: int
    valid_to: int | None
    scope: str
    endpoint: str | None
    evidence: Mapping[str, Any]
    as_of: int | None = None
    posed: str | None = None
    worded: int | None = None
    endpoints: frozenset[str] = frozenset()

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands among edges: by type and id."""
        return self.type, self.id


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the dependency graph at one sequence: CIs by id and the edges between them.

    `beside` are CIs that are not reached: members of the reached ones' groups, and CIs that their rules name; edges
    lead to the former. `outages` has for CIs of the whole graph that are not up by themselves how they do.
    """

    sequence: int
    nodes: Mapping[str, Row]
    edges: tuple[EdgeRow, ...]
    truncated: str | None = None
    beside: Mapping[str, Row] = field(default_factory=dict)
    outages: Mapping[str, str] = field(default_factory=dict)

    def row(self, ci: str) -> Row:
        """A CI of it, reached or not."""
        found = self.nodes.get(ci)
        return self.beside[ci] if found is None else found

    def name(self, ci: str) -> str:
        """What a CI is called; its id, where it is not known here."""
        found = self.nodes.get(ci) or self.beside.get(ci)
        return ci if found is None else str(found["name"])


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
