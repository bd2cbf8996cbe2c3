"""The read path: each question counts its round trips, and none grows with the number of rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from cmdb.cypher import Filter, filters, past, questions, retention
from cmdb.cypher.filters import Direction
from cmdb.history import lacks
from cmdb.store.entries import decoded
from cmdb.store.rows import EdgeRow, Row, Slice, then
from cmdb.store.session import Bolt, Run

_FACTS = ("kind", "detail", "confidence", "first_seen", "last_seen")


def edge_row(properties: dict[str, Any], kind: str, source: str, target: str, at: int | None = None) -> EdgeRow:
    """An edge as Neo4j returns it: its properties, type and the public ids of its ends."""
    return EdgeRow(
        id=properties["id"],
        type=kind,
        source=source,
        target=target,
        valid_from=properties["valid_from"],
        valid_to=properties.get("valid_to"),
        scope=properties["scope"],
        endpoint=properties.get("endpoint"),
        evidence={name: properties.get(name) for name in _FACTS},
        as_of=at,
    )


class Reads:
    """Questions to the graph. Every method is one read transaction."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def sequence(self) -> int:
        """The last applied journal sequence."""
        return self._bolt.read(_sequence)

    def cis(self, ids: Collection[str]) -> dict[str, Row]:
        """CIs by id; unknown ids are left out. One round trip."""
        rows = self._bolt.read(lambda run: run(questions.CIS, {"ids": list(ids)})) if ids else []
        return {row["n"]["id"]: row["n"] for row in rows}

    def find(
        self,
        cls: str | None,
        where: Filter | None = None,
        order: Sequence[tuple[str, Direction]] = (),
        first: int = 50,
        after: Sequence[Any] | None = None,
        at: int | None = None,
    ) -> list[Row]:
        """Up to `first` + 1 CIs in order (the one more tells whether there are more). One round trip.

        With a sequence `at`: the CIs of then, as they were.
        """
        statement = filters.find(cls, where, order, first, after, at)
        rows = [row["n"] for row in self._bolt.read(lambda run: run(*statement))]
        return rows if at is None else [then(row, at) for row in rows]

    def count(self, cls: str | None, where: Filter | None = None, at: int | None = None) -> int:
        """How many CIs the filter leaves, now or at a sequence."""
        statement = filters.count(cls, where, at)
        return int(self._bolt.read(lambda run: run(*statement))[0]["count"])

    def counts(self) -> dict[str, int]:
        """Live CIs by class."""
        return {row["class"]: row["count"] for row in self._bolt.read(lambda run: run(questions.COUNTS, {}))}

    def search(self, text: str, first: int = 20) -> list[Row]:
        """Live CIs by what people type, best first."""
        statement = questions.search(text, first)
        return [] if statement is None else [row["n"] for row in self._bolt.read(lambda run: run(*statement))]

    def resolve(self, name: str, cls: str | None = None, limit: int = 20, *, retired: bool = False) -> list[Row]:
        """The CIs a person may mean by `name`: by id, exact name, local key, start of an id or of a name.

        With `retired`, those that are retired count when no live one fits.
        """
        statements = questions.resolve(name, cls, limit, ["live", "retired"] if retired else ["live"])
        if not name:
            return []

        def work(run: Run) -> list[Row]:
            answers = ([row["n"] for row in run(*statement)] for statement in statements)
            return next((rows for rows in answers if rows), [])

        return self._bolt.read(work)

    def edges(
        self, ids: Collection[str], direction: str, types: Collection[str] | None = None, at: int | None = None
    ) -> list[EdgeRow]:
        """Edges of many CIs at a sequence (now, if None), out or in. One round trip, two when `at` is None."""

        def work(run: Run) -> list[EdgeRow]:
            return _edges(run(*questions.edges(ids, direction, types, _at(run, at))), at)

        return self._bolt.read(work) if ids else []

    def path(self, source: str, target: str, max_hops: int = 8, at: int | None = None) -> list[EdgeRow] | None:
        """A shortest path dependent → dependency, or None; of several the one first by edge ids, so it is stable."""

        def work(run: Run) -> list[list[Any]]:
            return [row["edges"] for row in run(*questions.path(source, target, max_hops, _at(run, at)))]

        if source == target:
            return []
        paths = [
            [edge_row(e, kind, one, other, at) for e, kind, one, other in edges] for edges in self._bolt.read(work)
        ]
        return min(paths, key=lambda p: [e.id for e in p], default=None)

    def reach(self, ids: Collection[str], at: int | None = None, max_nodes: int = 50_000) -> Slice:
        """Everything a failure of `ids` can travel to, at one sequence. Round trips: one a level, and two.

        With a sequence `at` two more: the CIs as they were (those not known then are left out), and whether something
        of then was purged.
        """

        def work(run: Run) -> Slice:
            sequence = _at(run, at)
            start = run(questions.CIS, {"ids": list(ids)})
            nodes: dict[str, Row] = {row["n"]["id"]: row["n"] for row in start}
            edges: dict[str, EdgeRow] = {}
            frontier = set(nodes)
            while frontier:
                rows = run(*questions.dependents(sorted(frontier), sequence))
                edges.update({edge.id: edge for edge in _edges(rows, at)})
                frontier = {row["source"] for row in rows} - set(nodes)
                if len(nodes) + len(frontier) > max_nodes:
                    reason = f"more than {max_nodes} CIs are reached; what lies further was not looked at"
                    return _cut(Slice(sequence, _states(run, nodes, at), tuple(edges.values()), reason))
                nodes.update({row["source"]: row["node"] for row in rows})
            lacking = None if at is None else lacks(at, run(retention.PURGED_TO, {})[0]["seq"])
            return Slice(sequence, _states(run, nodes, at), tuple(edges.values()), lacking)

        return self._bolt.read(work)

    def journal(self, first: int = 50, before: int | None = None) -> list[dict[str, Any]]:
        """Journal entries, newest first: seq, at, actor, kind, summary, hash."""
        parameters = {"first": first, "before": before if before is not None else 2**62}
        return [row["c"] for row in self._bolt.read(lambda run: run(questions.JOURNAL, parameters))]

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Journal entries behind a sequence, oldest first: seq, at, actor, kind, summary, ops (a list of steps)."""
        rows = self._bolt.read(lambda run: run(questions.ENTRIES_AFTER, {"after": seq, "first": first}))
        return [decoded(row["c"]) for row in rows]

    def claims_of(self, cis: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """Who asserts each CI, since which sequence, and the identity trace where it was made. One round trip."""
        found: dict[str, list[dict[str, Any]]] = {ci: [] for ci in cis}
        for row in self._bolt.read(lambda run: run(questions.CLAIMS, {"ids": list(cis)})):
            found[row.pop("id")].append(_traced(row))
        return found

    def identity_traces(self, cis: Collection[str]) -> dict[str, dict[str, Any]]:
        """How each CI was identified (`traces`: scope, since, trace) and what was merged into it (`merges`: id, at,
        by, reason). One round trip."""
        empty: dict[str, Any] = {"traces": [], "merges": []}
        found = {ci: dict(empty) for ci in cis}
        for row in self._bolt.read(lambda run: run(questions.TRACES, {"ids": list(cis)})):
            traces = [{"scope": s, "since": since, "trace": json.loads(text)} for s, since, text in row["traces"]]
            found[row["id"]] = {"traces": traces, "merges": row["merges"]}
        return found

    def children(self, cis: Collection[str], at: int | None = None) -> dict[str, list[Row]]:
        """What is inside each CI, by class and name, now or at a sequence. One round trip."""
        found: dict[str, list[Row]] = {ci: [] for ci in cis}
        text = questions.CHILDREN if at is None else past.CHILDREN
        for row in self._bolt.read(lambda run: run(text, {"ids": list(cis), "at": at})):
            found[row["n"]["parent"]].append(row["n"] if at is None else then(row["n"], at))
        return found

    def hosts_of_agents(self) -> dict[str, str]:
        """The name of the host each agent speaks for, by agent."""
        rows = self._bolt.read(lambda run: run(questions.HOSTS_OF_AGENTS, {}))
        return {row["node"]: row["host"] for row in rows}

    def conflicts(self) -> list[dict[str, Any]]:
        """Identities held for a person: id, node, outcome, reason, candidates, trace, opened_at, hostname."""
        return [_traced(row["c"]) for row in self._bolt.read(lambda run: run(questions.CONFLICTS, {}))]


def _traced(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "trace": json.loads(row["trace"]) if row.get("trace") else None}


def _sequence(run: Run) -> int:
    rows = run(questions.SEQUENCE, {})
    return int(rows[0]["seq"]) if rows else 0


def _at(run: Run, at: int | None) -> int:
    return _sequence(run) if at is None else at


def _edges(rows: Iterable[dict[str, Any]], at: int | None) -> list[EdgeRow]:
    return [edge_row(row["e"], row["type"], row["source"], row["target"], at) for row in rows]


def _states(run: Run, nodes: dict[str, Row], at: int | None) -> dict[str, Row]:
    """The CIs as they were at a sequence, in the order they came."""
    if at is None:
        return nodes
    rows = run(past.STATES, {"ids": list(nodes), "at": at})
    return {state["id"]: state for row in rows if row["state"] is not None for state in [then(row["state"], at)]}


def _cut(part: Slice) -> Slice:
    """Without the edges whose dependent was not loaded any more."""
    kept = tuple(edge for edge in part.edges if edge.source in part.nodes)
    return Slice(part.sequence, part.nodes, kept, part.truncated)
