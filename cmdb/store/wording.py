"""The evidence of edges as it was at a moment: the edge keeps its newest, the journal what it said before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmdb.cypher import past
from cmdb.store.entries import decoded
from cmdb.store.rows import EdgeRow
from cmdb.store.session import Run

AT_ONCE = 200
"""Journal entries that are read in one round trip."""


def worded(properties: Mapping[str, Any], at: int | None) -> int | None:
    """The sequence of the entry that has an edge's evidence as of a sequence; None: the edge itself has it.

    Where more rewordings followed than an edge remembers, the oldest that is known stands for those before.
    """
    known = properties.get("reworded")
    if at is None or not known or known[-1] <= at:
        return None
    return max((seq for seq in known if seq <= at), default=int(properties["valid_from"]))


def as_worded(run: Run, edges: Iterable[EdgeRow]) -> list[EdgeRow]:
    """The edges, each with the evidence it had then. No round trip where that is the newest, else one for 200 entries
    of the journal."""
    found = list(edges)
    wanted: dict[int, set[str]] = defaultdict(set)
    for edge in found:
        if edge.worded is not None:
            wanted[edge.worded].add(edge.id)
    if not wanted:
        return found
    said = _said(run, wanted)
    return [_with(edge, said.get((edge.worded, edge.id))) for edge in found]


def _said(run: Run, wanted: Mapping[int, set[str]]) -> dict[tuple[int | None, str], Mapping[str, Any]]:
    """What the entries of some sequences say of edges, by sequence and edge."""
    seqs, known = sorted(wanted), dict[tuple[int | None, str], Mapping[str, Any]]()
    for start in range(0, len(seqs), AT_ONCE):
        for row in run(past.ENTRIES, {"seqs": seqs[start : start + AT_ONCE]}):
            entry = decoded(row["c"])
            known |= {(entry["seq"], step["id"]): step for step in _about(entry["ops"], wanted[entry["seq"]])}
    return known


def _about(steps: Sequence[Mapping[str, Any]], edges: set[str]) -> Iterable[Mapping[str, Any]]:
    return (step for step in steps if step["op"] in {"open", "reword"} and step["id"] in edges)


def _with(edge: EdgeRow, step: Mapping[str, Any] | None) -> EdgeRow:
    if step is None:
        return edge
    claims = (step, *step.get("also", {}).values())
    return replace(
        edge, scope=step["scope"], endpoint=step["endpoint"], evidence=step["evidence"], worded=None,
        endpoints=frozenset(claim["endpoint"] for claim in claims if claim["endpoint"]),
    )  # fmt: skip
