"""Rows of an import, collected and checked: docs/import-export.md says what their fields mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid

Row = dict[str, Any]
TAG = "demo"
"""On every CI, so that nobody takes the example for a real estate."""


def about(row: Row, attributes: Mapping[str, Any]) -> Row:
    """A later row about the same CI that says these values alone: what it leaves out stays."""
    return {name: row[name] for name in ("class", "ref", "parent", "key") if name in row} | {"attributes": attributes}


class Rows:
    """CIs and edges by reference; an edge to what is not there, or a reference given twice, is refused."""

    def __init__(self) -> None:
        self._cis: dict[str, Row] = {}
        self._edges: dict[tuple[str, str, str], Row] = {}

    def ci(self, cls: str, name: str, *, parent: str | None = None, key: str | None = None, **attributes: Any) -> str:
        """Add a CI; its reference is its name, or class and name where another CI is called so."""
        ref = name if name not in self._cis else f"{cls}:{name}"
        if ref in self._cis:
            raise Invalid(f"{ref!r} is there already", where="ref")
        placed = {name: value for name, value in (("parent", parent), ("key", key)) if value is not None}
        given = {name: value for name, value in attributes.items() if value is not None}
        self._cis[ref] = {"class": cls, "ref": ref, "name": name, **placed, "attributes": given, "tags": [TAG]}
        return ref

    def edge(self, source: str, relation: str, *targets: str) -> None:
        """Add edges dependent → dependency."""
        for target in targets:
            if missing := {source, target} - self._cis.keys():
                raise Invalid(f"{source} {relation} {target}: there is no {sorted(missing)[0]!r}", where="edge")
            self._edges[source, relation, target] = {"type": relation, "from": source, "to": target}

    def set(self, ref: str, **attributes: Any) -> None:
        """More attributes of a CI that is there."""
        self._cis[ref]["attributes"].update(attributes)

    def class_of(self, ref: str) -> str:
        """The class of a CI that is there."""
        return str(self._cis[ref]["class"])

    def starting(self, cls: str, beginning: str) -> str:
        """The first CI of a class whose name begins so."""
        return next(ref for ref, row in self._cis.items() if row["class"] == cls and row["name"].startswith(beginning))

    def __iter__(self) -> Iterator[Row]:
        """CIs in the order they were added, then edges."""
        yield from self._cis.values()
        yield from self._edges.values()
