"""The journal as it stands in the graph, entry by entry, and the whole graph as plain values: what an audit reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cmdb.chain import Link
from cmdb.cypher import governance, records, views
from cmdb.replay import Graph
from cmdb.store.session import Bolt, Run
from cmdb.store.shown import decoded
from cmdb.words import View

_HEAD = "MATCH (j:Journal {id: 'journal'}) RETURN j.seq AS seq, j.hash AS hash"
_ENTRIES = "MATCH (c:Change) WHERE c.seq > $after RETURN properties(c) AS c ORDER BY c.seq LIMIT $first"
_CIS = "MATCH (n:CI) RETURN properties(n) AS n"
_VERSIONS = "MATCH (v:Version) RETURN properties(v) AS v"
_EDGES = "MATCH (a:CI)-[e]->(b:CI) RETURN properties(e) AS e, type(e) AS type, a.id AS source, b.id AS target"
_CLAIMS = "MATCH (s:Scope)-[a:ASSERTS]->(n:CI) RETURN s.id AS scope, n.id AS ci, properties(a) AS a"
_PAST_CLAIMS = "MATCH (p:PastClaim) RETURN properties(p) AS p"
_MERGES = "MATCH (m:Merge) RETURN properties(m) AS m"
_APART = "MATCH (s:Scope) WHERE s.distinct_from IS NOT NULL RETURN s.id AS node, s.distinct_from AS cis"
LONG = 600.0
"""Seconds that reading a whole graph may take."""


class Audits:
    """What an audit asks. Every method is one read transaction."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def head(self) -> Link:
        """Where the journal's counter stands: the last sequence and its hash."""
        row = self._bolt.read(lambda run: run(_HEAD, {}))[0]
        return Link(row["seq"], row["hash"])

    def sealed_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Journal entries behind a sequence with all their properties, `ops` as the text that was sealed."""
        rows = self._bolt.read(lambda run: run(_ENTRIES, {"after": seq, "first": first}), timeout=LONG)
        return [row["c"] for row in rows]

    def graph(self) -> Graph:
        """The whole graph as it stands, to be compared with a replay. Ten round trips; it is all held in memory."""
        return self._bolt.read(_graph, timeout=LONG)


def _graph(run: Run) -> Graph:
    edges = {
        row["e"]["id"]: {
            **_but(row["e"], "id"), "type": row["type"], "from": row["source"], "to": row["target"],
        }
        for row in run(_EDGES, {})
    }  # fmt: skip
    return Graph(
        cis={row["n"]["id"]: row["n"] for row in run(_CIS, {})},
        versions={(row["v"]["ci"], row["v"]["from"]): row["v"] for row in run(_VERSIONS, {})},
        edges=edges,
        claims={(row["scope"], row["ci"]): _traced(row["a"]) for row in run(_CLAIMS, {})},
        past_claims={_key(row["p"]): _traced(_but(row["p"], "scope", "ci")) for row in run(_PAST_CLAIMS, {})},
        merges={row["m"]["id"]: _but(row["m"], "id") for row in run(_MERGES, {})},
        records={row["id"]: _record(row) for row in run(records.WHOLE, {})},
        apart={row["node"]: row["cis"] for row in run(_APART, {})},
        policies={row["p"]["name"]: row["p"] for row in run(governance.POLICIES, {})},
        views={view.name: asdict(view) for view in _views(run) if view.ready},
    )


def _views(run: Run) -> tuple[View, ...]:
    return decoded(text for row in run(views.ALL, {}) for text in row["views"])


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    links = {f"{type_} {to}": _listed(known) for type_, to, known in row["links"]}
    parts = {"cis": row["cis"], "history": row["history"], "notes": row["notes"], "links": links}
    return {**parts, "fields": _but(row["r"], "serial")}


def _listed(link: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": link["at"], "by": link["by"], "path": list(link["path"])}


def _key(past_claim: Mapping[str, Any]) -> tuple[str, str, int]:
    return past_claim["scope"], past_claim["ci"], past_claim["from"]


def _but(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in properties.items() if k not in names}


def _traced(claim: dict[str, Any]) -> dict[str, Any]:
    return {**claim, "trace": json.loads(claim["trace"])} if "trace" in claim else claim
