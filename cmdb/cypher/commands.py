"""The statements of a person's commands: what is around some CIs, and the records of merges."""

from __future__ import annotations

from cmdb.cypher.facts import PAST_CLAIM
from cmdb.words import Cardinality, RelationType

_CLAIMS = "[(s:Scope)-[a:ASSERTS]->({0}) | [s.id, a.seq, a.said]]"

CIS = f"""
UNWIND $ids AS id MATCH (n:CI {{id: id}})
RETURN properties(n) AS ci, {_CLAIMS.format("n")} AS claims,
       COLLECT {{ MATCH (c:CI {{parent: id}}) USING INDEX SEEK c:CI(parent) WHERE NOT c:Endpoint
                  RETURN [properties(c), {_CLAIMS.format("c")}] }} AS inside
"""
AT = f"""
MATCH (n:CI {{key: $key}}) WHERE n.class = $class AND coalesce(n.parent, '') = coalesce($parent, '')
RETURN properties(n) AS ci, {_CLAIMS.format("n")} AS claims ORDER BY n.status, n.id LIMIT 1
"""
"""What has this local key there; a live one before a tombstone."""


def between(relation: RelationType) -> str:
    """The open edge of a relation from one CI to another, and the open edges that would exclude it."""
    ways = {
        Cardinality.MANY_TO_MANY: ["(a)-[e:{0}]->(b)"],
        Cardinality.MANY_TO_ONE: ["(a)-[e:{0}]->()"],
        Cardinality.ONE_TO_ONE: ["(a)-[e:{0}]->()", "()-[e:{0}]->(b)"],
    }[relation.cardinality]
    found = " UNION ".join(f"MATCH {way.format(relation.name)} WHERE e.valid_to IS NULL RETURN e" for way in ways)
    return (
        f"MATCH (a:CI {{id: $source}}) MATCH (b:CI {{id: $target}}) CALL (a, b) {{ {found} }}\n"
        "RETURN properties(e) AS e, type(e) AS type, startNode(e).id AS source, endNode(e).id AS target"
    )


EDGES = """
UNWIND $ids AS id MATCH (n:CI {id: id})-[e]-(o:CI) WHERE e.valid_to IS NULL
RETURN properties(e) AS e, type(e) AS type, startNode(e).id AS source, endNode(e).id AS target
"""
PLACES = """
RETURN
  COLLECT { MATCH (p:Endpoint) WHERE p.key IN $keys AND coalesce(p.parent, $host) = $host
            RETURN [properties(p), EXISTS {
              (p)<-[e]-(x) WHERE e.valid_to IS NULL AND NOT x:Scope AND NOT x.id IN $every }] } +
  COLLECT { MATCH (p:CI) USING INDEX SEEK p:CI(id) WHERE p.id IN $targets AND p:Endpoint
            RETURN [properties(p), EXISTS {
              (p)<-[e]-(x) WHERE e.valid_to IS NULL AND NOT x:Scope AND NOT x.id IN $every }] }
    AS placeholders
"""
"""Placeholders, and whether an edge leads to each from elsewhere than `every`, whose edges are known."""
REBIND = (
    """
MATCH (r:Scope)-[a:ASSERTS]->(:CI {id: $from}) WHERE r.node IS NULL AND ($nodes IS NULL OR r.id IN $nodes)
MATCH (to:CI {id: $to}) """
    + PAST_CLAIM.format(a="a", when="true", scope="r.id", ci="$from", seq="$seq")
    + """MERGE (r)-[b:ASSERTS]->(to) SET b = properties(a), b.from = $seq DELETE a
RETURN r.id AS node
"""
)
"""Let agents speak for another CI; null moves all of them."""

TRACE = "MATCH (s)-[a:ASSERTS]->(:CI {id: $ci}) WHERE s.id = $scope SET a.trace = $trace"
MERGE = """
CREATE (:Merge {id: $id, winner: $winner, loser: $loser, at: $at, by: $by, reason: $reason, seq: $seq, state: 'open',
                nodes: $nodes, record: $record})
"""
REFS = """
UNWIND $ids AS id MATCH (s:Scope)-[a:ASSERTS]->(:CI {id: id}) WHERE a.ref IS NOT NULL
RETURN {scope: s.id, ref: a.ref, trace: a.trace, ci: id} AS row
"""
KEEP_REFS = "UNWIND $rows AS row CREATE (r:MergedRef) SET r = row, r.merge = $merge"
"""What imports call a CI that is merged away: they go on calling it so."""
GIVE_REFS_BACK = """
MATCH (r:MergedRef {merge: $merge})
CALL (r) {
  MATCH (s)-[a:ASSERTS]->(c:CI {id: r.ci}) USING INDEX SEEK c:CI(id) WHERE s.id = r.scope
  SET a.ref = r.ref, a.trace = coalesce(a.trace, r.trace)
}
DELETE r
"""
MERGED = """
MATCH (m:Merge {state: 'open'}) WHERE m.loser = $id OR m.id = $id
RETURN properties(m) AS m
"""
LATER = """
MATCH (m:Merge {state: 'open'}) WHERE m.seq > $seq AND (m.loser IN $ids OR m.winner IN $ids) RETURN m.id AS id
"""
SPLIT = """
MATCH (m:Merge {id: $id})
SET m.state = 'split', m.split_at = $at, m.split_by = $by, m.split_reason = $reason, m.split_seq = $seq
"""
OVERRIDDEN = f"""
MATCH (:Scope {{id: 'override/people'}})-[x:ASSERTS]->(n:CI) WHERE x.until <= $now
RETURN properties(n) AS ci, {_CLAIMS.format("n")} AS claims ORDER BY n.id LIMIT $most
"""
