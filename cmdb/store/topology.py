"""Reads the whole dependency topology, in columns, for the projection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmdb.cypher import questions, topology
from cmdb.projection import Edges, Topology
from cmdb.projection.rows import OPEN, Ints
from cmdb.store.session import Bolt, Run

PAGE = 10_000
"""CIs whose edges come in one round trip."""
PATIENCE = 1800.0
"""Seconds for all of it: six million rows take about a minute."""


class Topologies:
    """The one question that reads everything."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def topology(self, relations: tuple[str, ...]) -> Topology:
        """All CIs, and all edges of these relations that were opened so far, as of the last applied sequence."""

        def work(run: Run) -> Topology:
            rows = run(questions.SEQUENCE, {})
            sequence = int(rows[0]["seq"]) if rows else 0
            ids, nodes = _cis(run)
            columns = _edges(run, relations, ids, sequence) if ids else {}
            names = np.array(ids, dtype="S") if ids else np.empty(0, "S28")
            return Topology(sequence, names, _numbered(columns, nodes, sequence))

        return self._bolt.read(work, timeout=PATIENCE)


def _cis(run: Run) -> tuple[list[str], list[int]]:
    ids: list[str] = []
    nodes: list[int] = []
    while True:
        (row,) = run(topology.CIS, {"after": ids[-1] if ids else "", "many": PAGE})
        if not row["ids"]:
            return ids, nodes
        ids += row["ids"]
        nodes += row["nodes"]


def _edges(run: Run, relations: tuple[str, ...], ids: Sequence[str], sequence: int) -> dict[str, list[NDArray[Any]]]:
    statement = topology.edges(relations)
    numbers = {name: number for number, name in enumerate(relations)}
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in Edges._fields[:5]}
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        after = ids[start - 1] if start else ""
        (row,) = run(statement, {"after": after, "last": part[-1], "sequence": sequence, "numbers": numbers})
        for name, column in columns.items():
            column.append(np.array(row[name], np.int64))
    return columns


def _numbered(columns: dict[str, list[NDArray[Any]]], nodes: Sequence[int], sequence: int) -> Edges:
    """The columns joined, with our numbers for Neo4j's. An edge closed since the sequence was open at it."""
    none = np.empty(0, np.int64)
    joined = {name: np.concatenate([none, *columns.get(name, [])]) for name in Edges._fields[:5]}
    place = np.full(max(nodes, default=0) + 1, -1, np.int32)
    place[np.array(nodes, np.int64)] = np.arange(len(nodes), dtype=np.int32)
    source: Ints = place[joined["source"]]
    # A CI that came since the CIs were read has only edges that came since, and those were not read.
    target: Ints = place[joined["target"]]
    end = joined["end"]
    end = np.where((end < 0) | (end > sequence), OPEN, end)
    kind, begin = joined["type"].astype(np.uint8), joined["begin"].astype(np.int32)
    return Edges(source, target, kind, begin, end.astype(np.int32))
