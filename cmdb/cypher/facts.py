"""The statements of the write path: what is known around a node, and a Plan as one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.claims import ends, to_json
from cmdb.classes import catalogue
from cmdb.plan import ChangeCI, Claim, EdgeClaim, NewCI, OpenEdge, Plan, Reword, Said
from cmdb.shared import is_shared
from cmdb.words import Evidence, Link, Ref, Value

Statement = tuple[str, dict[str, Any]]

PAST_CLAIM = """
FOREACH (_ IN CASE WHEN {when} AND coalesce({a}.from, {a}.since) < {seq} THEN [1] ELSE [] END |
         CREATE (p:PastClaim) SET p = properties({a}), p.scope = {scope}, p.ci = {ci},
                                  p.from = coalesce({a}.from, {a}.since), p.to = {seq})
"""
"""Keep a claim as it was until a sequence, before it says something else, goes or is another's."""
LOCK = """
MATCH (j:Journal {id: 'journal'}) SET j.seq = j.seq + 1
RETURN j.seq AS seq, j.hash AS prev, j.time AS time,
       COLLECT { MATCH (p:Policy) WHERE p.rule = 'precedence' RETURN properties(p) } AS precedence
"""
"""First in every write transaction: the lock on this node makes the order of sequence numbers the order of commits.

Whose word counts is told with it: that is asked by nearly every transaction, and costs no round trip so.
"""
HELD = """
MATCH (j:Journal {id: 'journal'}) SET j.seq = j.seq
WITH j MATCH (c:Change {seq: $seq}) RETURN c.hash AS hash
"""
"""The entry of a sequence, looked for under the lock, which changes nothing: who wrote before has ended by then."""

NODES = """
UNWIND $rows AS row
OPTIONAL MATCH (r:Scope {id: row.node})
WITH row, r, [(r)-[:ASSERTS]->(h:CI) | h][0] AS h
RETURN row.node AS node, EXISTS { (:Applied {report_id: row.report}) } AS applied, r.boots AS boots,
       r.distinct_from AS distinct_from,
       COLLECT { MATCH (s:Scope {node: row.node})
                 RETURN [s.section, s.complete,
                         CASE WHEN s.shared AND NOT s.section IN row.fresh THEN null ELSE s.links END] } AS scopes,
       COLLECT { MATCH (b:Brake {node: row.node}) RETURN properties(b) } AS brakes,
       properties(h) AS host, [(s:Scope)-[a:ASSERTS]->(h) | [s.id, a.seq, a.said]] AS claims,
       COLLECT { MATCH (c:CI {parent: h.id}) USING INDEX SEEK c:CI(parent) WHERE NOT c:Endpoint
                 RETURN [properties(c), [(s:Scope)-[a:ASSERTS]->(c) | [s.id, a.seq, a.said]]] } AS children
"""
"""What is known of many nodes in one round trip: whether the report was applied, the host bound, and what is inside.

A scope that points at shared things alone has many links; they are read only when the report speaks in it.
"""

_NOW = """,
       COLLECT { MATCH (j:Journal {id: 'journal'}) RETURN j.seq }[0] AS seq,
       COLLECT { MATCH (p:Policy) WHERE p.rule = 'precedence' RETURN properties(p) } AS precedence,
       """


def unlocked(node: str, report: str, fresh: Sequence[str], candidates: Statement | None) -> Statement:
    """What a report is decided from, without the journal's lock: `NODES`, the last sequence, and whose word counts.

    With it, where no host is bound, the rows of a statement that looks for candidates.
    """
    text, given = candidates or ("RETURN null AS candidate LIMIT 0", {})
    rows = [{"node": node, "report": report, "fresh": list(fresh)}]
    return f"{NODES.rstrip()}{_NOW}COLLECT {{ {text} }} AS candidates", {**given, "rows": rows}


BOUND = "h IS NOT NULL"
"""That a host is bound, among the names of `NODES`."""

HOST = """
MATCH (h:CI {id: $host})
RETURN properties(h) AS host, [(s:Scope)-[a:ASSERTS]->(h) | [s.id, a.seq, a.said]] AS claims,
       COLLECT { MATCH (c:CI {parent: $host}) USING INDEX SEEK c:CI(parent) WHERE NOT c:Endpoint
                 RETURN [properties(c), [(s:Scope)-[a:ASSERTS]->(c) | [s.id, a.seq, a.said]]] } AS children
"""

_INCOMING = """         COLLECT { MATCH (c:CI:Service {parent: $host})<-[e]-(x:CI) USING INDEX SEEK c:CI(parent)
                   WHERE e.valid_to IS NULL AND x.id <> $host AND coalesce(x.parent, '') <> $host
                   RETURN [properties(e), type(e), x.id, c.id,
                           COLLECT { MATCH (i:CI:IPAddress {parent: coalesce(x.parent, x.id)})
                                     USING INDEX SEEK i:CI(parent) WHERE i.status = 'live'
                                     RETURN i.address }] } +
         COLLECT { MATCH (p:Endpoint)<-[e]-(x:CI) USING INDEX SEEK p:Endpoint(address)
                   WHERE p.address IN $own AND p.parent IS NULL AND e.valid_to IS NULL
                     AND x.id <> $host AND coalesce(x.parent, '') <> $host
                   RETURN [properties(e), type(e), x.id, p.id,
                           COLLECT { MATCH (i:CI:IPAddress {parent: coalesce(x.parent, x.id)})
                                     USING INDEX SEEK i:CI(parent) WHERE i.status = 'live'
                                     RETURN i.address }] }"""
_BETWEEN = """         COLLECT {{ UNWIND $clients AS row
                   MATCH (i:IPAddress {{address: row.address}}) USING INDEX SEEK i:IPAddress(address)
                   WHERE i.status = 'live' AND i.parent <> $host
                   WITH DISTINCT i.parent AS owner, row.service AS service
                   MATCH (x:CI {{{by}: owner}}) USING INDEX SEEK x:CI({by})
                   MATCH (c:CI {{id: service}}) USING INDEX SEEK c:CI(id)
                   CALL (x, c) {{ MATCH (x)-[e:{relations}]->(c) WHERE e.valid_to IS NULL RETURN e }}
                   RETURN [properties(e), type(e), x.id, c.id,
                           COLLECT {{ MATCH (o:CI:IPAddress {{parent: owner}}) USING INDEX SEEK o:CI(parent)
                                     WHERE o.status = 'live' RETURN o.address }}] }}"""
"""Edges to some of the host's services from whoever has an address, or is in it: `clients` are pairs of both."""
_BEYOND = """
CALL () {
  RETURN COLLECT { MATCH (h:CI {id: $host})-[e]->(t:CI) USING INDEX SEEK h:CI(id)
                   WHERE e.valid_to IS NULL AND NOT e.scope IN $quiet
                   RETURN [properties(e), type(e), $host, t.id] } +
         COLLECT { MATCH (c:CI {parent: $host})-[e]->(t:CI) USING INDEX SEEK c:CI(parent) WHERE e.valid_to IS NULL
                   RETURN [properties(e), type(e), c.id, t.id] } AS edges,
         COLLECT { MATCH (h:CI {id: $host})-[e]->(p:Endpoint) USING INDEX SEEK h:CI(id) WHERE e.valid_to IS NULL
                   RETURN DISTINCT p.id } +
         COLLECT { MATCH (c:CI {parent: $host})-[e]->(p:Endpoint) USING INDEX SEEK c:CI(parent)
                   WHERE e.valid_to IS NULL RETURN DISTINCT p.id } AS targets,
{incoming} AS incoming
}
WITH edges, targets, incoming,
     [a IN $own WHERE any(row IN incoming WHERE NOT a IN row[4] AND
        (coalesce(row[0].endpoint, '') + coalesce(row[0].also, '')) CONTAINS a)] AS asked
RETURN edges,
  COLLECT { MATCH (p:Endpoint) WHERE p.key IN $keys AND coalesce(p.parent, $host) = $host
            RETURN [properties(p), NOT (p.address IN $own AND p.parent IS NULL) AND EXISTS {
              (p)<-[e]-(x) WHERE e.valid_to IS NULL AND NOT x:Scope
                             AND x.id <> $host AND coalesce(x.parent, '') <> $host }] } +
  COLLECT { MATCH (p:Endpoint) WHERE p.address IN $own AND p.parent IS NULL RETURN [properties(p), false] } +
  COLLECT { MATCH (p:CI) USING INDEX SEEK p:CI(id) WHERE p.id IN targets AND p:Endpoint
            RETURN [properties(p), NOT (p.address IN $own AND p.parent IS NULL) AND EXISTS {
              (p)<-[e]-(x) WHERE e.valid_to IS NULL AND NOT x:Scope
                             AND x.id <> $host AND coalesce(x.parent, '') <> $host }] }
    AS placeholders,
  incoming,
  COLLECT { MATCH (i:IPAddress) USING INDEX SEEK i:IPAddress(address) WHERE i.address IN $callers AND i.status = 'live'
            WITH i.address AS address, collect(DISTINCT i.parent) AS owners
            WHERE size(owners) = 1 AND owners[0] <> $host
              AND NOT EXISTS { (v:VirtualAddress {address: address}) WHERE v.status = 'live' }
            MATCH (o:CI {id: owners[0]}) USING INDEX SEEK o:CI(id) WHERE o.status = 'live'
            RETURN [address, o.id, o.class, coalesce(o.kind, ''),
                    o.stale_since IS NULL AND EXISTS {
                      MATCH (r:Scope)-[:ASSERTS]->(o) WHERE r.node IS NULL
                      MATCH (s:Scope {id: r.id + '/sockets'}) WHERE s.complete > 0 },
                    CASE WHEN address IN $glanced THEN size(COLLECT {
                      MATCH (o)-[e:USES|COMMUNICATES_WITH]->(t:Service)
                      WHERE e.valid_to IS NULL AND e.kind IN $brief AND t.parent <> $host
                      RETURN DISTINCT t.parent LIMIT $most }) ELSE 0 END] } AS callers,
  COLLECT { MATCH (i:IPAddress) USING INDEX SEEK i:IPAddress(address)
            WHERE i.address IN $foreign + asked AND i.status = 'live' AND i.parent <> $host
            WITH i.parent AS owner, collect(DISTINCT i.address) AS addresses
            RETURN [addresses, COLLECT { MATCH (s:CI:Service {parent: owner}) USING INDEX SEEK s:CI(parent)
                                         WHERE s.status = 'live' AND s.listens IS NOT NULL
                                         RETURN [s.id, s.listens, s.clients, s.source] ORDER BY s.key }] } AS listeners,
  COLLECT { UNWIND $packages AS row MATCH (p:SoftwareVersion {purl: row.purl})
            RETURN ['SoftwareVersion', row.key, properties(p)] ORDER BY p.status, p.id } +
  COLLECT { UNWIND $systems AS row MATCH (p:OperatingSystem {product: row.product})
            WHERE p.vendor = row.vendor AND p.version = row.version
            RETURN ['OperatingSystem', row.key, properties(p)] ORDER BY p.status, p.id } AS shared
"""
"""All that edges of a host need: its own, what they point at, and what points here from elsewhere.

`own` are its addresses before and after. Of those that others use, who else has one is asked as well. `callers` are
the addresses from which its services are used: of those that one CI has, whether its agent speaks itself, and if only
`glanced` from, at how many other hosts it takes such looks.

Of a placeholder it is told whether any edge that is not told here leads to it: half the estate may ask one name server,
and a report that touches it must not cost what all of them do. Of its own addresses all edges are told, as `incoming`.
The hints are for a plan that was made while the graph was small: it would begin at the other end.
"""
BEYOND = _BEYOND.replace("{incoming}", _INCOMING)


def beyond_of() -> str:
    """The same when what others reach here is as it was: of `incoming` only edges between the pairs `clients`.

    `own` is empty then, as its placeholders are others' like any. A database has thousands of clients, and what polls
    an estate thousands of edges: with both ends at hand, an edge is looked for at the end that has fewer. The relations
    are named, or a plan made for an empty graph would read all edges there are.
    """
    relations = "|".join(f"`{name}`" for name in catalogue().relations)
    both = (_BETWEEN.format(by=by, relations=relations) for by in ("id", "parent"))
    return _BEYOND.replace("{incoming}", " +\n".join(both))


APPLY = (
    """
CALL () { UNWIND $create AS row CREATE (n:CI) SET n = row.properties, n:$(row.labels) }
CALL () { UNWIND $change AS row MATCH (n:CI {id: row.id}) WHERE n.rev = row.rev
          CREATE (v:Version)-[:OF]->(n)
          SET v = properties(n), v.ci = n.id, v.from = n.valid_from, v.to = row.seq, v.id = null
          FOREACH (_ IN CASE WHEN row.search <> n.search THEN [1] ELSE [] END |
                   MERGE (:PastTerms {ci: n.id, search: n.search}))
          SET n += row.set, n.name = row.name, n.status = row.status, n.source = row.source,
              n.search = coalesce(row.search, n.search),
              n.rev = n.rev + 1, n.valid_from = row.seq
          RETURN count(n) AS changed }
CALL () { UNWIND $close AS row MATCH (a:CI {id: row.source})-[e]->(:CI) USING INDEX SEEK a:CI(id) WHERE e.id = row.id
          SET e.valid_to = row.seq }
CALL () { UNWIND $reword AS row MATCH (a:CI {id: row.source})-[e]->(:CI) USING INDEX SEEK a:CI(id) WHERE e.id = row.id
          SET e += row.properties, e.reworded = (coalesce(e.reworded, []) + row.seq)[-100..] }
CALL () { UNWIND $open AS row MATCH (a:CI {id: row.source}) MATCH (b:CI {id: row.target})
          CREATE (a)-[e:$(row.type)]->(b) SET e = row.properties }
CALL () { UNWIND $scopes AS row MERGE (s:Scope {id: row.id}) SET s += row.properties }
CALL () { UNWIND $drops AS row MATCH (s)-[a:ASSERTS]->(c:CI {id: row.ci}) USING INDEX SEEK c:CI(id)
          WHERE s.id = row.scope """
    + PAST_CLAIM.format(a="a", when="true", scope="row.scope", ci="row.ci", seq="row.seq")
    + """DELETE a }
CALL () { UNWIND $claims AS row MERGE (s:Scope {id: row.scope}) WITH s, row MATCH (c:CI {id: row.ci})
          MERGE (s)-[a:ASSERTS]->(c) ON CREATE SET a.since = row.since, a.said = row.said
          WITH a, row, coalesce(a.said, '') <> coalesce(row.said, '') AS otherwise """
    + PAST_CLAIM.format(a="a", when="otherwise", scope="row.scope", ci="row.ci", seq="row.since")
    + """SET a.from = CASE WHEN otherwise THEN row.since ELSE a.from END,
              a.seq = row.seq, a.said = row.said, a.until = row.until }
CALL () { UNWIND $binds AS row MERGE (r:Scope {id: row.node}) SET r.boots = row.boots
          WITH r, row MATCH (h:CI {id: row.host})
          MERGE (r)-[a:ASSERTS]->(h) ON CREATE SET a.since = row.seq SET a.trace = coalesce(row.trace, a.trace) }
RETURN changed
"""
)

JOURNAL = """
MATCH (j:Journal {id: 'journal'}) SET j.seq = $seq, j.hash = $hash, j.time = $time
WITH j UNWIND $entries AS row
CREATE (c:Change) SET c = row
FOREACH (id IN CASE WHEN row.report IS NULL THEN [] ELSE [row.report] END |
         CREATE (:Applied {report_id: id, seq: row.seq}))
RETURN DISTINCT coalesce(j.views, []) AS views
"""


@dataclass(frozen=True, slots=True)
class Bind:
    """An agent speaks for a host: its boots so far (JSON) and, when it is bound now, the trace of why (JSON)."""

    node: str
    host: str
    boots: str
    trace: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A plan to write, the source whose scopes it speaks in, its journal sequence, and the agent it binds, if any."""

    plan: Plan
    node: str
    seq: int
    bind: Bind | None = None


def apply(steps: Sequence[Step], now: str) -> Statement:
    """Plans as one statement; it returns `changed`, which must equal the number of planned changes."""
    return APPLY, {
        "create": [_create(c, step.seq, now) for step in steps for c in step.plan.create],
        "change": [_change(c, step.seq) for step in steps for c in step.plan.change],
        "close": [{"id": e.id, "source": e.source, "seq": step.seq} for step in steps for e in step.plan.close],
        "reword": [
            {"id": e.id, "source": e.source, "seq": step.seq, "properties": _edge_facts(e)}
            for step in steps
            for e in step.plan.reword
        ],
        "open": [_open(e, step.seq) for step in steps for e in step.plan.open],
        "claims": [_claim(c, step.seq) for step in steps for c in step.plan.claims],
        "drops": [{"scope": scope, "ci": ci, "seq": step.seq} for step in steps for scope, ci in step.plan.drops],
        "scopes": [row for step in steps for row in _scopes(step, now)],
        "binds": [_bind(step.bind, step.seq) for step in steps if step.bind is not None],
    }


def _bind(bind: Bind, seq: int) -> dict[str, Any]:
    return {"node": bind.node, "host": bind.host, "boots": bind.boots, "trace": bind.trace, "seq": seq}


def _change(change: ChangeCI, seq: int) -> dict[str, Any]:
    return {
        "id": change.id, "rev": change.rev, "name": change.name, "status": change.status, "source": change.source,
        "search": change.search, "seq": seq, "set": {k: _value(v) for k, v in change.set.items()},
    }  # fmt: skip


def _scopes(step: Step, now: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{step.node}/{section}",
            "properties": {
                "node": step.node,
                "section": section,
                "at": now,
                "complete": state.complete,
                "links": json.dumps([said_to_json(said) for said in state.links]),
                "shared": bool(state.links) and all(is_shared(said.link.target.cls) for said in state.links),
            },
        }
        for section, state in (step.plan.scopes or {}).items()
    ]


def _claim(claim: Claim, since: int) -> dict[str, Any]:
    said, until = to_json(claim.said), ends(claim.said)
    return {"scope": claim.scope, "ci": claim.ci, "seq": claim.seq, "said": said, "until": until, "since": since}


def _create(ci: NewCI, seq: int, now: str) -> dict[str, Any]:
    properties = {k: _value(v) for k, v in ci.attributes.items()}
    properties |= {
        "id": ci.id,
        "class": ci.cls,
        "key": ci.key,
        "name": ci.name,
        "parent": ci.parent,
        "source": ci.source,
        "search": ci.search,
        "status": "live",
        "rev": 1,
        "first_seen": now,
        "valid_from": seq,
    }
    return {"labels": list(catalogue().lineage(ci.cls)), "properties": properties}


def _open(edge: OpenEdge, seq: int) -> dict[str, Any]:
    properties = {"id": edge.id, "valid_from": seq, "because": edge.because, **_edge_facts(edge)}
    return {"type": edge.type, "source": edge.source, "target": edge.target, "properties": properties}


def _edge_facts(edge: OpenEdge | Reword) -> dict[str, Any]:
    also = [[scope, claim.endpoint, *_evidence(claim.evidence)] for scope, claim in sorted(edge.also.items())]
    return {
        "scope": edge.scope, "endpoint": edge.endpoint, **edge.evidence.to_wire(),
        "also": json.dumps(also, ensure_ascii=False) if also else None,
    }  # fmt: skip


def edge_claims(text: str | None) -> dict[str, EdgeClaim]:
    """The claims of an edge beside the one believed first, as stored in its property `also`."""
    rows = json.loads(text) if text else []
    return {scope: EdgeClaim(endpoint, Evidence(*evidence)) for scope, endpoint, *evidence in rows}


def edge_places(text: str | None) -> list[str | None]:
    """The addresses that those claims name."""
    return [endpoint for _, endpoint, *_ in json.loads(text)] if text else []


def _evidence(evidence: Evidence) -> list[Any]:
    return [getattr(evidence, name) for name in EVIDENCE]


def _value(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def said_to_json(said: Said) -> list[Any]:
    """A stated link as a flat list, for the scope's memory."""
    link = said.link
    ends = [link.source.cls, link.source.key, link.target.cls, link.target.key]
    return [said.seq, link.type, *ends, *_evidence(link.evidence)]


def said_from_json(parts: list[Any]) -> Said:
    """The inverse of `said_to_json`."""
    seq, kind, source, source_key, target, target_key, *evidence = parts
    return Said(seq, Link(kind, Ref(source, source_key), Ref(target, target_key), Evidence(*evidence)))


EVIDENCE = ("kind", "detail", "confidence", "first_seen", "last_seen")
"""The evidence properties of an edge, in the order of `words.Evidence`."""


def evidence(properties: Mapping[str, Any]) -> Evidence:
    """The evidence of a stored edge."""
    return Evidence(*(properties.get(name) for name in EVIDENCE))  # type: ignore[arg-type]  # stored by _edge_facts
