"""The read path: each question counts its round trips, and none grows with the number of rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from cmdb import search
from cmdb.classes import catalogue
from cmdb.cypher import Filter, around, counts, filters, governance, past, questions
from cmdb.cypher.facts import edge_places
from cmdb.cypher.filters import Direction
from cmdb.cypher.frames import Frame
from cmdb.impact.paths import Hop, k_shortest
from cmdb.store import policies
from cmdb.store.entries import decoded
from cmdb.store.rows import EdgeRow, Row, Ways, then
from cmdb.store.session import Bolt, Run
from cmdb.store.wording import as_worded, worded

MOST_AHEAD = 50_000
"""CIs looked at in search of paths."""
MOST_MET = 10_000
"""Addresses met by hosts that are told at most."""
CONTAINERS = "docker[0-9]+|br-[0-9a-f]{12}|cni[-0-9a-z]*|podman[0-9]+|cali[0-9a-f]+|veth.*"
"""Interfaces behind which a host has its own containers."""
FACTS = ("kind", "detail", "confidence", "first_seen", "last_seen")
"""What an edge's evidence has."""


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
        evidence={name: properties.get(name) for name in FACTS},
        as_of=at,
        worded=worded(properties, at),
        endpoints=_endpoints(properties),
    )


def _endpoints(properties: Mapping[str, Any]) -> frozenset[str]:
    """The addresses named by whoever claims an edge."""
    found = (properties.get("endpoint"), *edge_places(properties.get("also")))
    return frozenset(one for one in found if one)


class Reads:
    """Questions to the graph. Every method is one read transaction."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def _frame(self, at: int | None) -> Frame:
        """The state of the graph that is asked at a sequence; a proposed state has its own."""
        return Frame(at)

    def _told(self, row: Row, at: int | None) -> Row:
        """A row of that state, marked with the state it is of."""
        return row if at is None else then(row, at)

    def sequence(self) -> int:
        """The last applied journal sequence."""
        return self._bolt.read(last_sequence)

    def cis(self, ids: Collection[str]) -> dict[str, Row]:
        """CIs by id; unknown ids are left out. One round trip."""
        rows = self._bolt.read(lambda run: run(questions.CIS, {"ids": list(ids)})) if ids else []
        return {row["n"]["id"]: row["n"] for row in rows}

    def known(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the ids that are CIs' that are there. One round trip."""
        rows = self._bolt.read(lambda run: run(questions.KNOWN, {"ids": list(ids)})) if ids else []
        return frozenset(row["id"] for row in rows)

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
        statement = filters.find(cls, where, order, first, after, self._frame(at))
        return [self._told(row["n"], at) for row in self._bolt.read(lambda run: run(*statement))]

    def count(self, cls: str | None, where: Filter | None = None, at: int | None = None) -> int:
        """How many CIs the filter leaves, now or at a sequence."""
        statement = filters.count(cls, where, self._frame(at))
        return int(self._bolt.read(lambda run: run(*statement))[0]["count"])

    def counts(self) -> dict[str, int]:
        """Live CIs by class."""
        return {row["class"]: row["count"] for row in self._bolt.read(lambda run: run(questions.COUNTS, {}))}

    def counts_by(
        self, by: str, attribute: str | None, cls: str | None, where: Filter | None, limit: int,
        after: Sequence[Any] | None, agents: Mapping[str, str], at: int | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """At most `limit` rows of key and count, as `cypher.counts` says, now or at a sequence. One round trip."""
        statement = counts.counts(by, attribute, cls, where, limit, after, agents, self._frame(at))
        return self._bolt.read(lambda run: run(*statement))

    def tag_counts(
        self, prefix: str, first: int, after: str | None = None, at: int | None = None
    ) -> list[tuple[str, int]]:
        """Tags that begin so, with the number of live CIs that carry each, in order; one more than `first`.

        Now or at a sequence. One round trip.
        """
        statement = governance.tags(prefix, after, first + 1, self._frame(at))
        return [(row["tag"], row["count"]) for row in self._bolt.read(lambda run: run(*statement))]

    def sources(self, cls: str | None, where: Filter | None = None, at: int | None = None) -> list[dict[str, Any]]:
        """How many CIs of each class each source speaks for, now or at a sequence: class, source, count.

        One round trip.
        """
        statement = counts.sources(cls, where, self._frame(at))
        return self._bolt.read(lambda run: run(*statement))

    def search(
        self, text: str, first: int = 20, after: Sequence[str] | None = None, at: int | None = None
    ) -> list[Row]:
        """Up to `first` + 1 live CIs by what people type, by name and id; `after` is those of the last one seen.

        With a sequence `at`: what was found by it then, as it was. One round trip.
        """
        if at is None:
            statement = questions.search(text, first + 1, after)
        else:
            statement = questions.search_then(text, first + 1, after, at)
        rows = [] if statement is None else self._bolt.read(lambda run: run(*statement))
        return [row["n"] if at is None else then(row["n"], at) for row in rows]

    def resolve(
        self, name: str, cls: str | None = None, limit: int = 20, *, retired: bool = False, at: int | None = None
    ) -> list[Row]:
        """The CIs a person may mean by `name`: by id, exact name, local key, start of an id or of a name.

        A live one whose name or key differs only in case or by the dot at its end comes before any start. One round
        trip, two where no name or key is exactly so. With `retired`, those that are retired count when no live one
        fits. With a sequence `at`: what they were called then.
        """
        statuses = ["live", "retired"] if retired else ["live"]
        statement = questions.resolve(name, cls, limit, statuses, self._frame(at))
        rows = self._bolt.read(lambda run: run(*statement)) if name else []
        best = min((row["way"] for row in rows), default=None)
        if name and (best is None or best >= questions.EXACT):
            classes = None if cls is None else set(filters.members(catalogue().cls(cls).name))
            among = self.search(name, max(limit, 100), at=at)
            alike = [row for row in among if search.same(row["name"], name) or search.same(row["key"], name)]
            if alike := [row for row in alike if classes is None or row["class"] in classes]:
                return alike
        return [self._told(row["n"], at) for row in rows if row["way"] == best]

    def edges(
        self, ids: Collection[str], direction: str, types: Collection[str] | None = None, at: int | None = None
    ) -> list[EdgeRow]:
        """Edges of many CIs at a sequence (now, if None), out or in. One round trip, two when `at` is None."""

        def work(run: Run) -> list[EdgeRow]:
            return as_worded(run, _edges(run(*questions.edges(ids, direction, types, _at(run, at))), at))

        return self._bolt.read(work) if ids else []

    def path(self, source: str, target: str, max_hops: int = 8, at: int | None = None) -> list[EdgeRow] | None:
        """A shortest path dependent → dependency, or None; of several the one first by edge ids, so it is stable."""

        def work(run: Run) -> list[EdgeRow] | None:
            rows = run(*questions.path(source, target, max_hops, _at(run, at)))
            paths = [[edge_row(e, kind, start, end, at) for e, kind, start, end in row["edges"]] for row in rows]
            found = min(paths, key=lambda p: [e.id for e in p], default=None)
            return None if found is None else as_worded(run, found)

        return [] if source == target else self._bolt.read(work)

    def paths(self, source: str, target: str, k: int, max_hops: int = 8, at: int | None = None) -> Ways:
        """The k shortest simple paths dependent → dependency, in an order that stays. Two round trips."""
        ahead = questions.ahead(source, max_hops, at, MOST_AHEAD)

        def work(run: Run) -> Ways:
            rows = run(*ahead)
            hops: list[Hop] = [tuple(edge) for row in rows for edge in row["edges"]]
            found = k_shortest(hops, source, target, k, max_hops)
            starts = {edge: dependent for edge, dependent, _ in hops}
            wanted = {(edge, starts[edge]) for path in found.found for edge in path}
            rows_of = run(*questions.edges_by_id(sorted(wanted))) if wanted else ()
            known = {edge.id: edge for edge in as_worded(run, _edges(rows_of, at))}
            more = any(row["more"] for row in rows)
            cut = f"more than {MOST_AHEAD:,} CIs lie ahead; the rest was not looked at" if more else None
            return Ways(tuple(tuple(known[e] for e in path) for path in found.found), cut or found.truncated)

        return self._bolt.read(work)

    def journal(self, first: int = 50, before: int | None = None) -> list[dict[str, Any]]:
        """Journal entries, newest first: seq, at, actor, kind, summary, hash."""
        parameters = {"first": first, "before": before if before is not None else 2**62}
        return [row["c"] for row in self._bolt.read(lambda run: run(questions.JOURNAL, parameters))]

    def entries_before(self, before: int | None, first: int) -> list[dict[str, Any]]:
        """Journal entries, newest first, as `entries_after` tells them. One round trip."""
        parameters = {"first": first, "before": before if before is not None else 2**62}
        rows = self._bolt.read(lambda run: run(questions.ENTRIES_BEFORE, parameters))
        return [decoded(row["c"]) for row in rows]

    def known_edges(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the ids that are edges', open or closed, between CIs that are there. One round trip."""
        rows = self._bolt.read(lambda run: run(questions.known_edges(), {"ids": list(ids)})) if ids else []
        return frozenset(row["id"] for row in rows)

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Journal entries behind a sequence, oldest first: seq, at, actor, kind, summary, ops (a list of steps)."""
        rows = self._bolt.read(lambda run: run(questions.ENTRIES_AFTER, {"after": seq, "first": first}))
        return [decoded(row["c"]) for row in rows]

    def claims_of(self, cis: Collection[str], at: int | None = None) -> dict[str, list[dict[str, Any]]]:
        """Who asserts each CI, since which sequence, and the identity trace where it was made; now or at a sequence.

        `known` is the catalogue with the order of sources in force now. One round trip.
        """
        found: dict[str, list[dict[str, Any]]] = {ci: [] for ci in cis}
        text = questions.CLAIMS if at is None else past.CLAIMS
        for row in self._bolt.read(lambda run: run(text, {"ids": list(cis), "at": at})):
            found[row.pop("id")].append({**_traced(row), "known": policies.in_force(row)})
        return found

    def identity_traces(self, cis: Collection[str], at: int | None = None) -> dict[str, dict[str, Any]]:
        """How each CI was identified (`traces`: scope, since, trace) and what was merged into it (`merges`: id, at,
        by, reason), as is known now or was at a sequence. One round trip."""
        empty: dict[str, Any] = {"traces": [], "merges": []}
        found = {ci: dict(empty) for ci in cis}
        text = questions.TRACES if at is None else past.TRACES
        rows = self._bolt.read(lambda run: run(text, {"ids": list(cis), "at": at}))
        for row in rows:
            traces = [{"scope": s, "since": since, "trace": json.loads(text)} for s, since, text in row["traces"]]
            found[row["id"]] = {"traces": traces, "merges": row["merges"]}
        return found

    def children(
        self, cis: Collection[str], first: int, after: Sequence[str] | None = None, cls: str | None = None,
        at: int | None = None,
    ) -> dict[str, list[Row]]:  # fmt: skip
        """Up to `first` + 1 CIs inside each CI, by class, name and id, now or at a sequence; `after` are these three.

        One round trip.
        """
        found: dict[str, list[Row]] = {ci: [] for ci in cis}
        statement = around.children(cis, cls, first + 1, after, self._frame(at))
        for row in self._bolt.read(lambda run: run(*statement)):
            found[row["id"]].append(self._told(row["n"], at))
        return found

    def edges_of(
        self, cis: Collection[str], way: around.Way, first: int, after: Sequence[str] | None = None,
        types: Collection[str] | None = None, at: int | None = None,
    ) -> dict[str, list[EdgeRow]]:  # fmt: skip
        """Up to `first` + 1 edges of each CI, out or in, by type and id, now or at a sequence; `after` are these.

        One round trip, one more where an edge of then was reworded since.
        """
        return self._edge_pages(cis, around.edges(cis, way, types, first + 1, after, self._frame(at)), at)

    def _edge_pages(
        self, cis: Collection[str], statement: tuple[str, dict[str, Any]] | None, at: int | None
    ) -> dict[str, list[EdgeRow]]:
        found: dict[str, list[EdgeRow]] = {ci: [] for ci in cis}

        def work(run: Run) -> None:
            rows = run(*statement) if statement is not None and found else []
            for row, edge in zip(rows, as_worded(run, _edges(rows, at)), strict=True):
                found[row["id"]].append(edge)

        self._bolt.read(work)
        return found

    def hosts_of_agents(self) -> dict[str, str]:
        """The name of the host each agent speaks for, by agent."""
        rows = self._bolt.read(lambda run: run(questions.HOSTS_OF_AGENTS, {}))
        return {row["node"]: row["host"] for row in rows}

    def speakers(self, addresses: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
        """By address: the live host that has it and the agents and collectors' looks that speak for that host."""
        rows = self._bolt.read(lambda run: run(questions.SPEAKERS, {"addresses": list(addresses)}))
        return {row["address"]: (row["host"], sorted(row["nodes"])) for row in rows}

    def spoken_for(self, nodes: Sequence[str]) -> dict[str, str]:
        """By agent or collector's look: the live host that it speaks for."""
        rows = self._bolt.read(lambda run: run(questions.SPOKEN_FOR, {"nodes": list(nodes)}))
        return {row["node"]: row["host"] for row in rows}

    def met(self) -> list[str]:
        """Addresses that hosts have met on the links they are plugged into; those of their own containers are none."""
        given = {"inside": CONTAINERS, "most": MOST_MET}
        return [row["address"] for row in self._bolt.read(lambda run: run(questions.MET, given))]

    def conflicts(self) -> list[dict[str, Any]]:
        """Identities held for a person: id, node, outcome, reason, candidates, trace, opened_at, hostname."""
        return [_traced(row["c"]) for row in self._bolt.read(lambda run: run(questions.CONFLICTS, {}))]


def _traced(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "trace": json.loads(row["trace"]) if row.get("trace") else None}


def last_sequence(run: Run) -> int:
    """The last applied sequence, inside a transaction."""
    rows = run(questions.SEQUENCE, {})
    return int(rows[0]["seq"]) if rows else 0


def _at(run: Run, at: int | None) -> int:
    return last_sequence(run) if at is None else at


def _edges(rows: Iterable[dict[str, Any]], at: int | None) -> list[EdgeRow]:
    return [edge_row(row["e"], row["type"], row["source"], row["target"], at) for row in rows]


def states_of(run: Run, nodes: dict[str, Row], at: int | None) -> dict[str, Row]:
    """The CIs as they were at a sequence, in the order they came."""
    if at is None:
        return nodes
    return states_at(run, nodes, at)


def states_at(run: Run, ids: Collection[str], at: int) -> dict[str, Row]:
    """CIs as they were at a sequence; those not known then are left out."""
    rows = run(past.STATES, {"ids": list(ids), "at": at})
    return {state["id"]: state for row in rows if row["state"] is not None for state in [then(row["state"], at)]}
