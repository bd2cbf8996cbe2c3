"""The whole graph, or some classes of it, as it was at one sequence: row by row, never all of it in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

from cmdb.claims import ENDED_AS, EXPIRES, EXTRA, LIFECYCLE, TAGS
from cmdb.classes import catalogue
from cmdb.cypher import export, facts
from cmdb.store.session import Bolt, Run

PAGE = 2_000
"""CIs looked at in one round trip."""
_OURS = {
    "id", "ci", "from", "to", "class", "key", "name", "parent", "status", "rev", "first_seen", "valid_from", "source",
    "search", "stale_since", "merged_into", TAGS, LIFECYCLE, EXPIRES, ENDED_AS,
}  # fmt: skip


class Export:
    """Rows as an import reads them. Each page is a read of its own; the sequence makes them one."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def export(self, at: int, classes: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
        """Live CIs, then the open edges between them, at a sequence; of these classes and their kinds, else all.

        A `ref` is our id, so edges and parents find their CIs again. Evidence is as it is now: it is not versioned.
        """
        wanted = None if classes is None else _with_kinds(classes)
        for page in self._pages(export.NODES, at):
            for row in page:
                state = row["state"]
                if state and state["status"] == "live" and (wanted is None or state["class"] in wanted):
                    yield _node(row["id"], state)
        for page in self._pages(export.EDGES, at):
            for row in page:
                for kind, target, cls, properties in row["edges"]:
                    if wanted is None or (row["class"] in wanted and cls in wanted):
                        yield _edge(row["id"], kind, target, properties)

    def _pages(self, statement: str, at: int) -> Iterator[list[dict[str, Any]]]:
        after = ""
        while page := self._bolt.read(partial(_page, statement, after, at), timeout=60):
            yield page
            after = page[-1]["id"]


def _page(statement: str, after: str, at: int, run: Run) -> list[dict[str, Any]]:
    return run(statement, {"after": after, "at": at, "size": PAGE})


def _with_kinds(classes: Collection[str]) -> frozenset[str]:
    known = catalogue()
    for name in classes:
        known.cls(name)
    return frozenset(name for name in known.classes if set(classes) & set(known.lineage(name)))


def _node(ci: str, state: Mapping[str, Any]) -> dict[str, Any]:
    row = {"class": state["class"], "ref": ci, "key": state["key"], "name": state["name"]}
    if state.get("parent"):
        # The edge to the parent, if there is one, is a row of its own with its own evidence.
        row |= {"parent": state["parent"], "evidence": None}
    by_people = {name: state[name] for name in (TAGS, LIFECYCLE, EXPIRES) if state.get(name)}
    if extra := {k.removeprefix(EXTRA): v for k, v in sorted(state.items()) if k.startswith(EXTRA)}:
        by_people["extra"] = extra
    own = {k: v for k, v in sorted(state.items()) if k not in _OURS and not k.startswith(EXTRA)}
    return {**row, "attributes": own, **by_people}


def _edge(source: str, kind: str, target: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    evidence = {name: properties[name] for name in facts.EVIDENCE if properties.get(name) is not None}
    row = {"type": kind, "from": source, "to": target, "evidence": evidence}
    return row if properties.get("endpoint") is None else {**row, "endpoint": properties["endpoint"]}
