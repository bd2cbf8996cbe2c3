"""The statements of the read path."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher.schema import SEARCH_INDEX
from cmdb.errors import Invalid
from cmdb.search import query as search_query
from cmdb.words import Failure

Statement = tuple[str, dict[str, Any]]

SEQUENCE = "MATCH (j:Journal {id: 'journal'}) RETURN j.seq AS seq"
CIS = "UNWIND $ids AS id MATCH (n:CI {id: id}) RETURN properties(n) AS n"
COUNTS = "MATCH (n:CI {status: 'live'}) RETURN n.class AS class, count(*) AS count ORDER BY class"
CLAIMS = """
UNWIND $ids AS id MATCH (s:Scope)-[a:ASSERTS]->(:CI {id: id})
RETURN id, s.id AS scope, a.since AS since, a.trace AS trace, a.said AS said ORDER BY scope
"""
TRACES = """
UNWIND $ids AS id MATCH (n:CI {id: id})
RETURN id, [(s:Scope)-[a:ASSERTS]->(n) WHERE a.trace IS NOT NULL | [s.id, a.since, a.trace]] AS traces,
       COLLECT { MATCH (m:Merge {winner: id}) WHERE m.state = 'open'
                 RETURN [m.loser, m.at, m.by, m.reason] ORDER BY m.seq } AS merges
"""
CHILDREN = """
UNWIND $ids AS id MATCH (n:CI {parent: id}) WHERE n.status = 'live'
RETURN properties(n) AS n ORDER BY n.class, n.name, n.id
"""
HOSTS_OF_AGENTS = "MATCH (s:Scope)-[:ASSERTS]->(h:CI) WHERE s.node IS NULL RETURN s.id AS node, h.name AS host"
CONFLICTS = """
MATCH (c:IdentityConflict {state: 'open'})
RETURN c{.id, .node, .outcome, .reason, .candidates, .trace, .opened_at, .hostname} AS c ORDER BY c.opened_at, c.id
"""
JOURNAL = """
MATCH (c:Change) WHERE c.seq < $before
RETURN c{.seq, .at, .actor, .kind, .summary, .hash} AS c ORDER BY c.seq DESC LIMIT $first
"""
ENTRIES_AFTER = """
MATCH (c:Change) WHERE c.seq > $after
RETURN c{.seq, .at, .actor, .kind, .summary, .ops} AS c ORDER BY c.seq LIMIT $first
"""

_OPEN_AT = "e.valid_from <= $at AND coalesce(e.valid_to, $at + 1) > $at"
_EDGE = "properties(e) AS e, type(e) AS type, d.id AS source, t.id AS target"
MAX_HOPS = 8


def _types(names: Collection[str] | None) -> str:
    known = catalogue().relations
    chosen = known if names is None else [catalogue().relation(name).name for name in names]
    return "|".join(f"`{name}`" for name in chosen)


def _carrying() -> str:
    """The relations along which a failure can travel: only these make a dependency."""
    return _types([r.name for r in catalogue().relations.values() if r.failure is not Failure.NEVER])


def edges(ids: Collection[str], direction: str, types: Collection[str] | None, at: int) -> Statement:
    """Edges of many CIs in one round trip: out to what they depend on, in from what depends on them."""
    if direction not in {"out", "in"}:
        raise Invalid(f"direction is out or in, not {direction!r}")
    start = "d" if direction == "out" else "t"
    text = (
        f"UNWIND $ids AS id MATCH ({start}:CI {{id: id}}) MATCH (d:CI)-[e:{_types(types)}]->(t:CI) "
        f"WHERE {_OPEN_AT} RETURN {_EDGE} ORDER BY type, source, target"
    )
    return text, {"ids": list(ids), "at": at}


def path(source: str, target: str, max_hops: int, at: int) -> Statement:
    """One shortest path dependent → dependency; the shortest by hops, then the first by edge ids."""
    if not 1 <= max_hops <= MAX_HOPS:
        raise Invalid(f"a path has 1 to {MAX_HOPS} hops, not {max_hops}", where="maxHops")
    text = (
        "MATCH (a:CI {id: $source}), (b:CI {id: $target}) "
        f"MATCH p = ALL SHORTEST (a)((:CI)-[e:{_carrying()} WHERE {_OPEN_AT}]->(:CI)){{1,{max_hops}}}(b) "
        "RETURN [r IN relationships(p) | [properties(r), type(r), startNode(r).id, endNode(r).id]] AS edges LIMIT 100"
    )
    return text, {"source": source, "target": target, "at": at}


def dependents(frontier: Collection[str], at: int) -> Statement:
    """One level of a failure's way: whoever depends on the frontier by a relation that carries failure."""
    text = (
        f"UNWIND $ids AS id MATCH (t:CI {{id: id}})<-[e:{_carrying()}]-(d:CI) "
        f"WHERE {_OPEN_AT} RETURN {_EDGE}, properties(d) AS node"
    )
    return text, {"ids": list(frontier), "at": at}


def edges_to(reached: Collection[str], at: int) -> Statement:
    """Every edge that carries failure to one of many CIs, in one round trip, without their dependents' properties."""
    text = f"UNWIND $ids AS id MATCH (t:CI {{id: id}})<-[e:{_carrying()}]-(d:CI) WHERE {_OPEN_AT} RETURN {_EDGE}"
    return text, {"ids": list(reached), "at": at}


def search(text: str, first: int) -> Statement | None:
    """Full-text question: every piece of the text must start a term. None without a word."""
    query = search_query(text)
    if query is None:
        return None
    return (
        f"CALL db.index.fulltext.queryNodes('{SEARCH_INDEX}', $query) YIELD node, score "
        "WHERE node:CI AND node.status = 'live' "
        "RETURN properties(node) AS n ORDER BY score DESC, node.name, node.id LIMIT $first",
        {"query": query, "first": first},
    )


_RESOLVE = (
    "MATCH (n:`{label}` {{id: $name}}) RETURN properties(n) AS n LIMIT $limit",
    "MATCH (n:`{label}`) WHERE n.name = $name AND n.status = $status "
    "RETURN properties(n) AS n ORDER BY n.id LIMIT $limit",
    "MATCH (n:`{label}`) WHERE n.key = $name AND n.status = $status "
    "RETURN properties(n) AS n ORDER BY n.id LIMIT $limit",
    "MATCH (n:`{label}`) WHERE n.id STARTS WITH $name AND n.status = $status "
    "RETURN properties(n) AS n ORDER BY n.id LIMIT $limit",
    "MATCH (n:`{label}`) WHERE n.name STARTS WITH $name AND n.status = $status "
    "RETURN properties(n) AS n ORDER BY n.name, n.id LIMIT $limit",
)


def resolve(name: str, cls: str | None, limit: int, statuses: Sequence[str]) -> list[Statement]:
    """The ways a person may name a CI, in order: id, exact name, local key, start of an id, start of a name.

    All ways among those of the first status are tried before any among those of the next.
    """
    label = "CI" if cls is None else catalogue().cls(cls).name
    asked = [(text.format(label=label), status) for status in statuses for text in _RESOLVE]
    return [(text, {"name": name, "limit": limit, "status": status}) for text, status in asked]
