"""The statements of the read path."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher import filters
from cmdb.cypher.frames import Frame, Parameters, state_of
from cmdb.cypher.schema import PAST_SEARCH_INDEX, SEARCH_INDEX
from cmdb.errors import Invalid
from cmdb.search import parts as search_parts
from cmdb.search import query as search_query
from cmdb.words import Failure
from cmdb.words.common import CONDITIONS

Statement = tuple[str, dict[str, Any]]

SEQUENCE = "MATCH (j:Journal {id: 'journal'}) RETURN j.seq AS seq"
CIS = "UNWIND $ids AS id MATCH (n:CI {id: id}) RETURN properties(n) AS n"
KNOWN = "UNWIND $ids AS id MATCH (n:CI {id: id}) RETURN n.id AS id"
COUNTS = "MATCH (n:CI {status: 'live'}) RETURN n.class AS class, count(*) AS count ORDER BY class"
CLAIMS = """
UNWIND $ids AS id MATCH (s:Scope)-[a:ASSERTS]->(:CI {id: id})
RETURN id, s.id AS scope, a.since AS since, a.trace AS trace, a.said AS said,
       COLLECT { MATCH (p:Policy) WHERE p.rule = 'precedence' RETURN properties(p) } AS precedence ORDER BY scope
"""
TRACES = """
UNWIND $ids AS id MATCH (n:CI {id: id})
RETURN id, [(s:Scope)-[a:ASSERTS]->(n) WHERE a.trace IS NOT NULL | [s.id, a.since, a.trace]] AS traces,
       COLLECT { MATCH (m:Merge {winner: id}) WHERE m.state = 'open'
                 RETURN [m.loser, m.at, m.by, m.reason] ORDER BY m.seq } AS merges
"""
INSIDE = """
UNWIND $ids AS id MATCH (n:CI {parent: id}) USING INDEX SEEK n:CI(parent) WHERE n.status = 'live'
RETURN properties(n) AS n ORDER BY n.class, n.name, n.id
"""
HOSTS_OF_AGENTS = "MATCH (s:Scope)-[:ASSERTS]->(h:CI) WHERE s.node IS NULL RETURN s.id AS node, h.name AS host"
SPEAKERS = """
MATCH (a:IPAddress) WHERE a.address IN $addresses AND a.status = 'live'
MATCH (h:CI {id: a.parent})
OPTIONAL MATCH (s:Scope)-[:ASSERTS]->(h) WHERE s.node IS NULL
WITH a.address AS address, h.id AS host, collect(s.id) AS nodes ORDER BY address, size(nodes), host
RETURN address, host, nodes
"""
SPOKEN_FOR = """
MATCH (s:Scope)-[:ASSERTS]->(h:Host {status: 'live'}) WHERE s.id IN $nodes AND s.node IS NULL
RETURN s.id AS node, h.id AS host ORDER BY node, host
"""
MET = """
MATCH (n:Neighbour {status: 'live'})
WHERE n.address IS NOT NULL AND n.table IN ['arp', 'nd'] AND NOT coalesce(n.interface, '') =~ $inside
RETURN DISTINCT n.address AS address ORDER BY address LIMIT $most
"""
CONFLICTS = """
MATCH (c:IdentityConflict {state: 'open'})
RETURN c{.id, .node, .outcome, .reason, .candidates, .trace, .opened_at, .hostname} AS c ORDER BY c.opened_at, c.id
"""
JOURNAL = """
MATCH (c:Change) WHERE c.seq < $before
RETURN c{.seq, .at, .actor, .kind, .summary, .hash} AS c ORDER BY c.seq DESC LIMIT $first
"""
ENTRIES_BEFORE = """
MATCH (c:Change) WHERE c.seq < $before
RETURN c{.seq, .at, .actor, .kind, .summary, .ops} AS c ORDER BY c.seq DESC LIMIT $first
"""
ENTRIES_AFTER = """
MATCH (c:Change) WHERE c.seq > $after
RETURN c{.seq, .at, .actor, .kind, .summary, .ops} AS c ORDER BY c.seq LIMIT $first
"""


def known_edges() -> str:
    """Which of these are edges, open or closed: a look into the index of each relation."""
    one = "MATCH (:CI)-[e:`{0}`]->(:CI) USING INDEX SEEK e:`{0}`(id) WHERE e.id IN $ids RETURN e.id AS id"
    return " UNION ALL ".join(one.format(name) for name in catalogue().relations)


def open_at(at: str) -> str:
    """That an edge `e` is there at a sequence."""
    return f"e.valid_from <= {at} AND coalesce(e.valid_to, {at} + 1) > {at}"


_OPEN_AT = open_at("$at")
_EDGE = "properties(e) AS e, type(e) AS type, d.id AS source, t.id AS target"
MAX_HOPS = 8


def _types(names: Collection[str] | None) -> str:
    known = catalogue().relations
    chosen = known if names is None else [catalogue().relation(name).name for name in names]
    return "|".join(f"`{name}`" for name in chosen)


def carrying() -> list[str]:
    """The relations along which a failure can travel: only these make a dependency."""
    return [r.name for r in catalogue().relations.values() if r.failure is not Failure.NEVER]


def _carrying() -> str:
    return _types(carrying())


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


def check_hops(most: int) -> None:
    """Refuse a path that is longer than we look."""
    if not 1 <= most <= MAX_HOPS:
        raise Invalid(f"a path has 1 to {MAX_HOPS} hops, not {most}", where="maxHops")


def path(source: str, target: str, max_hops: int, at: int) -> Statement:
    """One shortest path dependent → dependency; the shortest by hops, then the first by edge ids."""
    check_hops(max_hops)
    text = (
        "MATCH (a:CI {id: $source}), (b:CI {id: $target}) "
        f"MATCH p = ALL SHORTEST (a)((:CI)-[e:{_carrying()} WHERE {_OPEN_AT}]->(:CI)){{1,{max_hops}}}(b) "
        "RETURN [r IN relationships(p) | [properties(r), type(r), startNode(r).id, endNode(r).id]] AS edges LIMIT 100"
    )
    return text, {"source": source, "target": target, "at": at}


def ahead(source: str, max_hops: int, at: int | None, most: int) -> Statement:
    """The edges by which failure can travel among all that lies within some hops ahead of a CI, `most` CIs of it.

    One row: the edges as [id, dependent, dependency], and whether there were more CIs.
    """
    check_hops(max_hops)
    text = (
        "MATCH (j:Journal {id: 'journal'}) WITH coalesce($at, j.seq) AS at MATCH (a:CI {id: $source}) "
        f"CALL (a, at) {{ MATCH (a)-[es:{_carrying()}*0..{max_hops - 1}]->(n:CI) "
        f"WHERE all(e IN es WHERE {open_at('at')}) WITH DISTINCT n LIMIT $most RETURN collect(n) AS found }} "
        f"RETURN size(found) = $most AS more, COLLECT {{ UNWIND found AS d MATCH (d)-[e:{_carrying()}]->(t:CI) "
        f"WHERE {open_at('at')} RETURN [e.id, d.id, t.id] }} AS edges"
    )
    return text, {"source": source, "at": at, "most": most + 1}


def edges_by_id(hops: Collection[tuple[str, str]]) -> Statement:
    """Edges by (id, dependent)."""
    text = (
        f"UNWIND $hops AS hop MATCH (d:CI {{id: hop[1]}})-[e:{_types(None)}]->(t:CI) WHERE e.id = hop[0] RETURN {_EDGE}"
    )
    return text, {"hops": [list(hop) for hop in hops]}


def dependents(frontier: Collection[str], at: int) -> Statement:
    """One level of a failure's way: whoever depends on the frontier by a relation that carries failure."""
    text = (
        f"UNWIND $ids AS id MATCH (t:CI {{id: id}})<-[e:{_carrying()}]-(d:CI) "
        f"WHERE {_OPEN_AT} RETURN {_EDGE}, properties(d) AS node"
    )
    return text, {"ids": list(frontier), "at": at}


def needed(frontier: Collection[str], at: int) -> Statement:
    """One level the other way: whatever the frontier needs by a relation that carries failure."""
    text = (
        f"UNWIND $ids AS id MATCH (d:CI {{id: id}})-[e:{_carrying()}]->(t:CI) "
        f"WHERE {_OPEN_AT} RETURN {_EDGE}, properties(t) AS node"
    )
    return text, {"ids": list(frontier), "at": at}


AT_ONCE = 500
"""CIs whose part comes in one row: what comes in few rows costs us a fraction of what as many rows do."""


def part(reached: Collection[str], at: int) -> Statement:
    """Many CIs, and every edge that carries failure to one of them, in one round trip: some hundred CIs a row.

    A row has the CIs as `nodes`, and as `edges` each edge's properties, type, dependent and dependency.
    """
    some = f"UNWIND $ids[start..start + {AT_ONCE}] AS id"
    text = (
        f"UNWIND range(0, size($ids) - 1, {AT_ONCE}) AS start "
        f"RETURN COLLECT {{ {some} MATCH (n:CI {{id: id}}) RETURN properties(n) }} AS nodes, "
        f"COLLECT {{ {some} MATCH (t:CI {{id: id}})<-[e:{_carrying()}]-(d:CI) WHERE {_OPEN_AT} "
        "RETURN [properties(e), type(e), d.id, t.id] } AS edges"
    )
    return text, {"ids": list(reached), "at": at}


_THEN = """CASE WHEN $then IS NULL OR t.valid_from <= $then THEN properties(t) ELSE COLLECT {
  MATCH (v:Version)-[:OF]->(t) WHERE v.from <= $then AND $then < v.to RETURN properties(v) }[0] END"""


def beside(wanted: Mapping[str, Collection[str]], named: Collection[str], at: int, then: int | None) -> Statement:
    """What backs up some CIs, in one round trip: their edges by some relations each, and the CIs these lead to.

    Rows of an edge and `node`, which is as it was at `then`; for every CI that is `named` a row without an edge.
    """
    text = (
        f"UNWIND $wanted AS one MATCH (d:CI {{id: one[0]}})-[e:{_carrying()}]->(t:CI) "
        f"WHERE {_OPEN_AT} AND type(e) IN one[1] RETURN {_EDGE}, {_THEN} AS node "
        "UNION ALL UNWIND $named AS id MATCH (t:CI {id: id}) "
        f"RETURN null AS e, null AS type, null AS source, id AS target, {_THEN} AS node"
    )
    ids = [[ci, sorted(types)] for ci, types in sorted(wanted.items())]
    return text, {"wanted": ids, "named": sorted(named), "at": at, "then": then}


def start(ids: Collection[str], at: int | None, context: bool) -> Statement:
    """Where a question about failures begins, in one row: the sequence `seq` (`at`, or the last), some CIs (`nodes`).

    `outages` are the live CIs that are not up by themselves then, as [how they do, the CI as it is now].
    """
    now = "MATCH (n:CI) USING INDEX SEEK n:CI(condition) WHERE n.condition IN $hurt AND n.status = 'live'"
    closed = (
        "MATCH (v:Version) USING INDEX SEEK v:Version(condition) "
        "WHERE v.condition IN $hurt AND v.status = 'live' AND v.from <= $at AND $at < v.to"
    )
    said = "RETURN [n.condition, properties(n)] AS one"
    if at is not None:
        now += (
            f" AND n.valid_from <= $at {said} "
            f"UNION ALL {closed} MATCH (v)-[:OF]->(n:CI) RETURN [v.condition, properties(n)] AS one"
        )
    else:
        now += f" {said}"
    text = (
        "OPTIONAL MATCH (j:Journal {id: 'journal'}) RETURN coalesce($at, j.seq, 0) AS seq, "
        + (f"COLLECT {{ {now} }}" if context else "[]")
        + " AS outages, COLLECT { UNWIND $ids AS id MATCH (n:CI {id: id}) RETURN properties(n) } AS nodes"
    )
    return text, {"at": at, "ids": list(ids), "hurt": [c for c in CONDITIONS if c != "up"]}


def search(text: str, limit: int, after: Sequence[str] | None = None) -> Statement | None:
    """Full-text question: every piece of the text must start (or be the end of) a term. None without a word.

    Ordered by name and id: the starts of words all score the same, and pages need an order that stays.
    """
    query = search_query(text)
    if query is None:
        return None
    name, ci = after or ("", "")
    return (
        f"CALL db.index.fulltext.queryNodes('{SEARCH_INDEX}', $query) YIELD node "
        "WHERE node:CI AND node.status = 'live' AND (node.name > $name OR node.name = $name AND node.id > $id) "
        "RETURN properties(node) AS n ORDER BY node.name, node.id LIMIT $limit",
        {"query": query, "limit": limit, "name": name, "id": ci},
    )


def search_then(text: str, limit: int, after: Sequence[str] | None, at: int) -> Statement | None:
    """The same as of a sequence: what is or was found by the text, and was found by it then.

    The terms of a state stand apart by single spaces, so that a piece is sought with the space before or behind it.
    """
    query, pieces = search_query(text), search_parts(text)
    if query is None or pieces is None:
        return None
    params = Parameters(Frame(at))
    name, ci = after or ("", "")
    sought = [(" " if way != "end" else "") + piece + (" " if way != "start" else "") for way, piece in pieces]
    asked, behind, place = params.add(query), params.add(name), params.add(ci)
    return (
        f"CALL () {{ CALL db.index.fulltext.queryNodes('{SEARCH_INDEX}', {asked}) YIELD node RETURN node.id AS id "
        f"UNION CALL db.index.fulltext.queryNodes('{PAST_SEARCH_INDEX}', {asked}) YIELD node RETURN node.ci AS id }} "
        f"CALL (id) {{ {state_of('n', 'id', params)} }} WITH n WHERE n.status = 'live' "
        f"AND all(one IN {params.add(sought)} WHERE (' ' + n.search + ' ') CONTAINS one) "
        f"AND (n.name > {behind} OR n.name = {behind} AND n.id > {place}) "
        f"RETURN n ORDER BY n.name, n.id LIMIT {params.add(limit)}",
        dict(params),
    )


_RESOLVE = (("id", "="), ("name", "="), ("key", "="), ("id", "STARTS WITH"), ("name", "STARTS WITH"))
"""The ways a person may name a CI: id, exact name, local key, start of an id, start of a name."""
EXACT = 3
"""Ways before this one are exact."""


def resolve(name: str, cls: str | None, limit: int, statuses: Sequence[str], frame: Frame = filters.NOW) -> Statement:
    """The CIs meant by a name, in one statement: rows of (way, n), of which those of the first way count.

    All ways among those of the first status come before any among those of the next; an id says it all by itself.
    """
    params = Parameters(frame)
    given, most = params.add(name), params.add(limit)
    known = [params.add(status) for status in statuses]
    ways = [(_named(by, how, given, status), by) for status in known for by, how in _RESOLVE]
    if frame:  # each way costs the planner much there: one look for all of them
        which = " ".join(f"WHEN {way} THEN {place}" for place, (way, _) in enumerate(ways))
        found = filters.rows(cls, [f"({' OR '.join(way for way, _ in ways)})"], params)
        shown = f"WITH n, CASE {which} END AS way RETURN way, n ORDER BY way, n.name, n.id LIMIT {most}"
        return f"{found} {shown}", dict(params)
    parts = [
        f"{filters.rows(cls, [way], params, by=by)} RETURN {place} AS way, properties(n) AS n "
        f"ORDER BY n.name, n.id LIMIT {most}"
        for place, (way, by) in enumerate(ways)
    ]
    return " UNION ALL ".join(parts), dict(params)


def _named(by: str, how: str, given: str, status: str) -> str:
    holds = f"n.{by} {how} {given}"
    return holds if (by, how) == _RESOLVE[0] else f"{holds} AND n.status = {status}"
