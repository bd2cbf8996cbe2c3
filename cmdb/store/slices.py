"""The part of the graph that a failure can travel in: its CIs, and its edges with their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher import questions, retention
from cmdb.history import lacks
from cmdb.impact.groups import readable
from cmdb.projection import NOTHING, Overlay
from cmdb.projection.overlay import ProposedEdge
from cmdb.store.reads import FACTS, edge_row, states_of
from cmdb.store.rows import EdgeRow, Row, Slice
from cmdb.store.rows import then as as_was
from cmdb.store.session import Bolt, Run
from cmdb.store.wording import as_worded
from cmdb.words import CONDITION, REDUNDANCY, Needs

MOST = 50_000
"""CIs of one slice."""
PROPOSED = "proposed"
"""The scope of an edge that is only proposed."""
NO_STATES: Mapping[str, Row] = MappingProxyType({})
"""No CI is otherwise than it is."""


class Slices:
    """Each question is one read transaction. Edges come in the order of relation, dependent and dependency.

    Besides what is reached, a slice has what is needed to judge it: the other members of groups, and present outages.
    """

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def reach(
        self, ids: Collection[str], at: int | None = None, max_nodes: int = MOST, proposed: Overlay = NOTHING, *,
        context: bool = True, states: Mapping[str, Row] = NO_STATES,
    ) -> Slice:  # fmt: skip
        """Everything a failure of `ids` or a present outage can travel to, at one sequence.

        Round trips: one a level, one to begin, and one where anything is redundant. With a sequence `at` one more:
        the CIs as they were; those not known then are left out. Without `context` outages are left out of account.
        `states` has the CIs that are otherwise in the proposed state, new ones too.
        """

        def work(run: Run) -> Slice:
            begun = _begun(run, ids, at, context, states)
            sequence, nodes = begun.sequence, dict(begun.nodes)
            edges: dict[str, EdgeRow] = {}
            frontier = set(nodes) - proposed.retire
            truncated = lacking(run, at)
            while frontier:
                found, cis = _level(run, frontier, sequence, proposed, at, states)
                edges.update(found)
                frontier = {edge.source for edge in found.values()} - set(nodes)
                if len(nodes) + len(frontier) > max_nodes:
                    truncated = cut(max_nodes)
                    break
                nodes.update({ci: cis[ci] for ci in frontier})
            return _slice(run, begun, _as_would_be(run, nodes, at, states), edges, truncated, proposed, at, states)

        return self._bolt.read(work)

    def needed(
        self, ids: Collection[str], at: int | None = None, max_nodes: int = MOST, proposed: Overlay = NOTHING,
        states: Mapping[str, Row] = NO_STATES,
    ) -> Slice:  # fmt: skip
        """Everything that `ids` need, directly or not, with the present outages among it, at one sequence.

        Round trips, the moment, and what would be otherwise: as for `reach`.
        """

        def work(run: Run) -> Slice:
            begun = _begun(run, ids, at, True, states)
            nodes = {ci: row for ci, row in begun.nodes.items() if ci in set(ids)}
            edges: dict[str, EdgeRow] = {}
            frontier, truncated = set(nodes), lacking(run, at)
            while frontier:
                found, cis = _level_below(run, frontier, begun.sequence, proposed, at, states)
                edges |= found
                frontier = {edge.target for edge in found.values()} - set(nodes)
                nodes |= {ci: cis[ci] for ci in frontier}
                if len(nodes) > max_nodes:  # the last level is here, so that every edge has both ends
                    truncated = cut(max_nodes)
                    break
            outages = {ci: state for ci, state in begun.outages.items() if ci in nodes}
            here = Beginning(begun.sequence, {}, outages)
            return _slice(run, here, _as_would_be(run, nodes, at, states), edges, truncated, proposed, at, states)

        return self._bolt.read(work)

    def begin(
        self, ids: Collection[str], at: int | None = None, *, context: bool = True,
        states: Mapping[str, Row] = NO_STATES,
    ) -> Beginning:  # fmt: skip
        """Where a question about a failure of `ids` begins. One round trip."""
        return self._bolt.read(lambda run: _begun(run, ids, at, context, states))

    def slice_of(
        self, reached: Collection[str], at: int, truncated: str | None, proposed: Overlay = NOTHING, *,
        then: int | None = None, outages: Mapping[str, str] | None = None, states: Mapping[str, Row] = NO_STATES,
    ) -> Slice:  # fmt: skip
        """The slice of CIs that are known to be reached, at a sequence. One round trip, however many they are.

        One more where anything is redundant. `then` is that sequence when the CIs are asked as they were, for one
        round trip more; None: as they are.
        """

        def work(run: Run) -> Slice:
            rows = run(*questions.part(reached, at))
            every = (edge for row in rows for edge in row["edges"])
            edges = _left((edge_row(e, kind, source, target, then) for e, kind, source, target in every), proposed)
            edges |= _added(proposed, at, set(reached), then)
            nodes = {ci["id"]: ci for row in rows for ci in row["nodes"]}
            found = nodes | {ci: states[ci] for ci in reached if ci in states}
            held, why = _as_would_be(run, found, then, states), truncated or lacking(run, then)
            return _slice(run, Beginning(at, {}, outages or {}), held, edges, why, proposed, then, states)

        return self._bolt.read(work, timeout=30.0)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The sequence of a question, the CIs it starts from by id, and how those do that are not up by themselves."""

    sequence: int
    nodes: Mapping[str, Row]
    outages: Mapping[str, str]


def _begun(run: Run, ids: Collection[str], at: int | None, context: bool, states: Mapping[str, Row]) -> Beginning:
    (row,) = run(*questions.start(ids, at, context))
    hurt = {ci["id"]: (state, ci) for state, ci in row["outages"]}
    nodes = {ci["id"]: ci for ci in row["nodes"]} | {ci: found for ci, (_, found) in sorted(hurt.items())}
    outages = {ci: state for ci, (state, _) in sorted(hurt.items()) if ci not in states}
    if context:
        would = {ci: str(found.get(CONDITION) or "up") for ci, found in states.items() if found["status"] == "live"}
        outages |= {ci: state for ci, state in sorted(would.items()) if state != "up"}
    nodes |= {ci: states[ci] for ci in (*ids, *outages) if ci in states}
    return Beginning(int(row["seq"]), nodes, outages)


def _as_would_be(run: Run, nodes: Mapping[str, Row], at: int | None, states: Mapping[str, Row]) -> dict[str, Row]:
    """The CIs as they were, or are, but those that the proposed state has otherwise."""
    held = {ci: row for ci, row in nodes.items() if ci not in states}
    return states_of(run, held, at) | {ci: states[ci] for ci in nodes if ci in states}


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


def _level_below(
    run: Run, frontier: Collection[str], at: int, proposed: Overlay, then: int | None, states: Mapping[str, Row]
) -> tuple[dict[str, EdgeRow], dict[str, Row]]:
    """The edges one level the other way, and the dependencies; round trips as for `_level`."""
    rows = run(*questions.needed(sorted(frontier), at))
    cis: dict[str, Row] = {row["target"]: row["node"] for row in rows} | dict(states)
    steps = [e for e in proposed.add if e.source in frontier and e.type in questions.carrying()]
    added = (proposed_edge(step, at, then) for step in steps)
    edges = _kept(rows, proposed, then) | {edge.id: edge for edge in added}
    if unknown := sorted({edge.target for edge in edges.values()} - set(cis)):
        cis |= {row["n"]["id"]: row["n"] for row in run(questions.CIS, {"ids": unknown})}
    return edges, cis


def _kept(rows: Iterable[Mapping[str, Any]], proposed: Overlay, then: int | None) -> dict[str, EdgeRow]:
    """The edges by id, but those that the proposed state takes away."""
    return _left((edge_row(row["e"], row["type"], row["source"], row["target"], then) for row in rows), proposed)


def _left(edges: Iterable[EdgeRow], proposed: Overlay) -> dict[str, EdgeRow]:
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


def _slice(
    run: Run, begun: Beginning, nodes: Mapping[str, Row], edges: Mapping[str, EdgeRow], truncated: str | None,
    proposed: Overlay, then: int | None, states: Mapping[str, Row],
) -> Slice:  # fmt: skip
    """Without the edges whose dependent was not loaded; with the other members of groups."""
    kept = {edge.id: edge for edge in edges.values() if edge.source in nodes}
    more, cis = _beside(run, nodes, kept.values(), begun.sequence, proposed, then, states)
    kept |= more
    ordered = sorted(as_worded(run, kept.values()), key=lambda edge: (edge.type, edge.source, edge.target, edge.id))
    beside = {ci: cis[ci] for ci in sorted(cis) if ci not in nodes}
    return Slice(begun.sequence, nodes, tuple(ordered), truncated, beside, begun.outages)


def _beside(
    run: Run,
    nodes: Mapping[str, Row],
    edges: Iterable[EdgeRow],
    at: int,
    proposed: Overlay,
    then: int | None,
    states: Mapping[str, Row],
) -> tuple[dict[str, EdgeRow], dict[str, Row]]:
    """The edges of redundant dependencies, members that are not reached included, with the CIs these lead to."""
    relations = catalogue().relations
    wanted: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if relations[edge.type].needs is not Needs.ALL:
            wanted[edge.source].add(edge.type)
    rules = [(ci, rule) for ci, row in nodes.items() for rule in readable(row.get(REDUNDANCY) or ())]
    for ci, rule in rules:
        wanted[ci].add(rule.relation)
    new = [e for e in proposed.add if e.source in nodes and e.type in wanted.get(e.source, ())]
    if not wanted:
        return {}, {}
    named = {name for _, rule in rules for name, _ in rule.members} | {edge.target for edge in new}
    rows = run(*questions.beside(wanted, named - set(nodes), at, then))
    cis = {row["target"]: row["node"] for row in rows if row["node"] is not None}
    if then is not None:
        cis = {ci: as_was(row, then) for ci, row in cis.items()}
    cis |= {ci: states[ci] for ci in (*cis, *(edge.target for edge in new)) if ci in states}
    found = _kept([row for row in rows if row["e"] is not None], proposed, then)
    found |= {edge.id: edge for edge in (proposed_edge(step, at, then) for step in new)}
    return found, {ci: row for ci, row in cis.items() if ci not in proposed.retire}
