"""The statements of the write path: what is known around a node, and a Plan as one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cmdb.claims import ends, to_json
from cmdb.classes import catalogue
from cmdb.plan import Claim, EdgeClaim, NewCI, OpenEdge, Plan, Reword, Said
from cmdb.words import Evidence, Link, Ref, Value

Statement = tuple[str, dict[str, Any]]

LOCK = """
MATCH (j:Journal {id: 'journal'}) SET j.seq = j.seq + 1
RETURN j.seq AS seq, j.hash AS prev, j.time AS time
"""
"""First in every write transaction: the lock on this node makes the order of sequence numbers the order of commits."""

NODE = """
OPTIONAL MATCH (r:Scope {id: $node})
RETURN EXISTS { (:Applied {report_id: $report}) } AS applied, r.boots AS boots, r.distinct_from AS distinct_from,
       [(r)-[:ASSERTS]->(h:CI) | h.id][0] AS host,
       COLLECT { MATCH (s:Scope {node: $node}) RETURN [s.section, s.complete, s.links] } AS scopes,
       COLLECT { MATCH (b:Brake {node: $node}) RETURN properties(b) } AS brakes
"""

AROUND = """
MATCH (h:CI {id: $host})
RETURN properties(h) AS host, [(s:Scope)-[a:ASSERTS]->(h) | [s.id, a.seq, a.said]] AS claims,
       COLLECT { MATCH (c:CI {parent: $host}) WHERE NOT c:Endpoint
                 RETURN [properties(c), [(s:Scope)-[a:ASSERTS]->(c) | [s.id, a.seq, a.said]]] } AS children,
       COLLECT { MATCH (h)-[e]->(t:CI) WHERE e.valid_to IS NULL RETURN [properties(e), type(e), h.id, t.id] } +
       COLLECT { MATCH (c:CI {parent: $host})-[e]->(t:CI) WHERE e.valid_to IS NULL
                 RETURN [properties(e), type(e), c.id, t.id] } AS edges
"""

BEYOND = """
RETURN
  COLLECT { MATCH (p:Endpoint) WHERE p.key IN $keys AND coalesce(p.parent, $host) = $host
            RETURN [properties(p), COUNT { (p)<-[e]-(:CI) WHERE e.valid_to IS NULL }] } +
  COLLECT { MATCH (p:Endpoint) WHERE p.address IN $own AND p.parent IS NULL
            RETURN [properties(p), COUNT { (p)<-[e]-(:CI) WHERE e.valid_to IS NULL }] } +
  COLLECT { MATCH (p:CI) WHERE p.id IN $targets AND p:Endpoint
            RETURN [properties(p), COUNT { (p)<-[e]-(:CI) WHERE e.valid_to IS NULL }] } AS placeholders,
  COLLECT { MATCH (c:Service {parent: $host})<-[e]-(x:CI)
            WHERE e.valid_to IS NULL AND x.id <> $host AND coalesce(x.parent, '') <> $host
            RETURN [properties(e), type(e), x.id, c.id] } +
  COLLECT { MATCH (p:Endpoint)<-[e]-(x:CI)
            WHERE p.address IN $own AND p.parent IS NULL AND e.valid_to IS NULL
              AND x.id <> $host AND coalesce(x.parent, '') <> $host
            RETURN [properties(e), type(e), x.id, p.id] } AS incoming,
  COLLECT { MATCH (i:IPAddress) WHERE i.address IN $foreign AND i.status = 'live' AND i.parent <> $host
            WITH i.parent AS owner, collect(DISTINCT i.address) AS addresses
            RETURN [addresses, COLLECT { MATCH (s:Service {parent: owner})
                                         WHERE s.status = 'live' AND s.listens IS NOT NULL
                                         RETURN [s.id, s.listens] ORDER BY s.key }] } AS listeners
"""

APPLY = """
CALL () { UNWIND $create AS row CREATE (n:CI) SET n = row.properties, n:$(row.labels) }
CALL () { UNWIND $change AS row MATCH (n:CI {id: row.id}) WHERE n.rev = row.rev
          CREATE (v:Version)-[:OF]->(n)
          SET v = properties(n), v.ci = n.id, v.from = n.valid_from, v.to = $seq, v.id = null
          SET n += row.set, n.name = row.name, n.status = row.status, n.source = row.source,
              n.search = coalesce(row.search, n.search),
              n.rev = n.rev + 1, n.valid_from = $seq
          RETURN count(n) AS changed }
CALL () { UNWIND $close AS row MATCH (:CI {id: row.source})-[e]->(:CI) WHERE e.id = row.id SET e.valid_to = $seq }
CALL () { UNWIND $reword AS row MATCH (:CI {id: row.source})-[e]->(:CI) WHERE e.id = row.id
          SET e += row.properties, e.reworded = (coalesce(e.reworded, []) + $seq)[-100..] }
CALL () { UNWIND $open AS row MATCH (a:CI {id: row.source}) MATCH (b:CI {id: row.target})
          CREATE (a)-[e:$(row.type)]->(b) SET e = row.properties }
CALL () { UNWIND $scopes AS row MERGE (s:Scope {id: row.id}) SET s += row.properties }
CALL () { UNWIND $drops AS row MATCH (:Scope {id: row.scope})-[a:ASSERTS]->(:CI {id: row.ci}) DELETE a }
CALL () { UNWIND $claims AS row MATCH (s:Scope {id: row.scope}) MATCH (c:CI {id: row.ci})
          MERGE (s)-[a:ASSERTS]->(c) ON CREATE SET a.since = $seq
          SET a.seq = row.seq, a.said = row.said, a.until = row.until }
RETURN changed
"""

BIND = """
MERGE (r:Scope {id: $node}) SET r.boots = $boots
WITH r MATCH (h:CI {id: $host})
MERGE (r)-[a:ASSERTS]->(h) ON CREATE SET a.since = $seq SET a.trace = coalesce($trace, a.trace)
"""

JOURNAL = """
MATCH (j:Journal {id: 'journal'}) SET j.hash = $entry.hash, j.time = $entry.time
CREATE (c:Change) SET c = $entry
FOREACH (id IN CASE WHEN $report IS NULL THEN [] ELSE [$report] END |
         CREATE (:Applied {report_id: id, seq: $entry.seq}))
"""


def apply(plan: Plan, node: str, seq: int, now: str) -> Statement:
    """The whole plan as one statement; it returns `changed`, which must equal the number of planned changes."""
    return APPLY, {
        "seq": seq,
        "create": [_create(c, seq, now) for c in plan.create],
        "change": [
            {
                "id": c.id,
                "rev": c.rev,
                "name": c.name,
                "status": c.status,
                "source": c.source,
                "search": c.search,
                "set": {k: _value(v) for k, v in c.set.items()},
            }
            for c in plan.change
        ],
        "close": [{"id": e.id, "source": e.source} for e in plan.close],
        "reword": [{"id": e.id, "source": e.source, "properties": _edge_facts(e)} for e in plan.reword],
        "open": [_open(e, seq) for e in plan.open],
        "claims": [_claim(c) for c in plan.claims],
        "drops": [{"scope": scope, "ci": ci} for scope, ci in plan.drops],
        "scopes": [
            {
                "id": f"{node}/{section}",
                "properties": {
                    "node": node,
                    "section": section,
                    "at": now,
                    "complete": state.complete,
                    "links": json.dumps([said_to_json(said) for said in state.links]),
                },
            }
            for section, state in (plan.scopes or {}).items()
        ],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    said, until = to_json(claim.said), ends(claim.said)
    return {"scope": claim.scope, "ci": claim.ci, "seq": claim.seq, "said": said, "until": until}


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
        "scope": edge.scope, "endpoint": edge.endpoint, **asdict(edge.evidence),
        "also": json.dumps(also, ensure_ascii=False) if also else None,
    }  # fmt: skip


def edge_claims(text: str | None) -> dict[str, EdgeClaim]:
    """The claims of an edge beside the one believed first, as stored in its property `also`."""
    rows = json.loads(text) if text else []
    return {scope: EdgeClaim(endpoint, Evidence(*evidence)) for scope, endpoint, *evidence in rows}


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
