"""The part of the graph that a failure can travel in: its CIs, and its edges with their evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from cmdb.cypher import questions, retention
from cmdb.history import lacks
from cmdb.projection import NOTHING, Overlay
from cmdb.projection.overlay import ProposedEdge
from cmdb.store.reads import FACTS, edge_row, last_sequence, states_of
from cmdb.store.rows import EdgeRow, Row, Slice
from cmdb.store.session import Bolt, Run

MOST = 50_000
"""CIs of one slice."""
PROPOSED = "proposed"
"""The scope of an edge, and of a CI, that is only proposed."""
NO_STATES: Mapping[str, Row] = MappingProxyType({})


class Slices:
    """Each question is one read transaction. Edges come in the order of relation, dependent and dependency."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def reach(
        self, ids: Collection[str], at: int | None = None, max_nodes: int = MOST, proposed: Overlay = NOTHING,
        states: Mapping[str, Row] = NO_STATES,
    ) -> Slice:  # fmt: skip
        """Everything a failure of `ids` can travel to, at one sequence. Round trips: one a level, and two.

        With a sequence `at` one more: the CIs as they were; those not known then are left out. `states` has the CIs
        that are otherwise in the proposed state, new ones too.
        """

        def work(run: Run) -> Slice:
            sequence = last_sequence(run) if at is None else at
            start = run(questions.CIS, {"ids": list(ids)})
            nodes: dict[str, Row] = {row["n"]["id"]: row["n"] for row in start}
            nodes |= {ci: states[ci] for ci in ids if ci in states}

            def shown() -> dict[str, Row]:
                return states_of(run, nodes, at) | {ci: states[ci] for ci in nodes if ci in states}

            edges: dict[str, EdgeRow] = {}
            frontier = set(nodes) - proposed.retire
            while frontier:
                found, cis = _level(run, frontier, sequence, proposed, at, states)
                edges.update(found)
                frontier = {edge.source for edge in found.values()} - set(nodes)
                if len(nodes) + len(frontier) > max_nodes:
                    return _slice(sequence, shown(), edges.values(), cut(max_nodes))
                nodes.update({ci: cis[ci] for ci in frontier})
            return _slice(sequence, shown(), edges.values(), lacking(run, at))

        return self._bolt.read(work)

    def slice_of(
        self, reached: Collection[str], at: int, truncated: str | None, proposed: Overlay = NOTHING, *,
        then: int | None = None, states: Mapping[str, Row] = NO_STATES,
    ) -> Slice:  # fmt: skip
        """The slice of CIs that are known to be reached, at a sequence. Round trips: two, however many they are.

        `then` is that sequence when the CIs are asked as they were, for one round trip more; None: as they are.
        """

        def work(run: Run) -> Slice:
            rows = run(questions.CIS, {"ids": list(reached)})
            edges = _kept(run(*questions.edges_to(reached, at)), proposed, then)
            edges |= _added(proposed, at, set(reached), then)
            nodes = states_of(run, {row["n"]["id"]: row["n"] for row in rows}, then)
            nodes |= {ci: states[ci] for ci in reached if ci in states}
            return _slice(at, nodes, edges.values(), truncated or lacking(run, then))

        return self._bolt.read(work, timeout=30.0)


def lacking(run: Run, at: int | None) -> str | None:
    """What a slice of then lacks, since it was purged."""
    return None if at is None else lacks(at, run(retention.PURGED_TO, {})[0]["seq"])


def cut(most: int) -> str:
    """Why a slice is not whole."""
    return f"more than {most} CIs are reached; what lies further was not looked at"


def _level(
    run: Run, frontier: Collection[str], at: int, proposed: Overlay, then: int | None, states: Mapping[str, Row]
) -> tuple[dict[str, EdgeRow], dict[str, Row]]:
    """The edges one level further, and their dependents; one round trip, two where a new edge is proposed."""
    rows = run(*questions.dependents(sorted(frontier), at))
    cis: dict[str, Row] = {row["source"]: row["node"] for row in rows}
    edges = _kept(rows, proposed, then) | _added(proposed, at, frontier, then)
    cis |= states
    if unknown := sorted({edge.source for edge in edges.values()} - set(cis)):
        cis |= {row["n"]["id"]: row["n"] for row in run(questions.CIS, {"ids": unknown})}
    return edges, cis


def _kept(rows: Iterable[Mapping[str, Any]], proposed: Overlay, then: int | None) -> dict[str, EdgeRow]:
    """The edges by id, but those that the proposed state takes away."""
    edges = (edge_row(row["e"], row["type"], row["source"], row["target"], then) for row in rows)
    return {e.id: e for e in edges if not proposed.hides(e.type, e.source, e.target)}


def _added(proposed: Overlay, at: int, targets: Collection[str], then: int | None) -> dict[str, EdgeRow]:
    """The proposed edges to these that carry failure."""
    carrying = questions.carrying()
    steps = [e for e in proposed.add if e.target in targets and e.type in carrying]
    return {edge.id: edge for edge in (proposed_edge(step, at, then) for step in steps)}


def proposed_edge(step: ProposedEdge, at: int, then: int | None) -> EdgeRow:
    """An edge as it would be."""
    said = {"kind": PROPOSED, "detail": "part of a proposed state", "confidence": 1.0}
    evidence: dict[str, Any] = dict.fromkeys(FACTS) | said
    name = f"{PROPOSED}:{step.type}:{step.source}:{step.target}"
    return EdgeRow(name, step.type, step.source, step.target, at, None, PROPOSED, None, evidence, then)


def _slice(at: int, nodes: Mapping[str, Row], edges: Iterable[EdgeRow], truncated: str | None = None) -> Slice:
    """Without the edges whose dependent was not loaded."""
    kept = [edge for edge in edges if edge.source in nodes]
    kept.sort(key=lambda edge: (edge.type, edge.source, edge.target, edge.id))
    return Slice(at, nodes, tuple(kept), truncated)
