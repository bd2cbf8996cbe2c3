"""Questions about earlier states: versions of CIs, closed edges, and the journal by moment."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher.questions import carrying

_PINNED = """
coalesce(COLLECT { MATCH (c:Change) WHERE c.time <= {time}
                   RETURN c.seq ORDER BY c.time DESC, c.seq DESC LIMIT 1 }[0],
         COLLECT { MATCH (c:Change) WHERE c.time IS NULL AND c.at <= {time}
                   RETURN c.seq ORDER BY c.seq DESC LIMIT 1 }[0])"""
PINS = f"""
MATCH (j:Journal {{id: 'journal'}}) UNWIND range(0, size($times) - 1) AS place
RETURN j.seq AS last, {_PINNED.replace("{time}", "$times[place]")} AS seq ORDER BY place
"""
"""The last sequence, and for each time the one of the last entry at or before it; null where there is none.

`time` never falls, also when a clock is set back: the greatest `at` so far. Entries of the first builds have none.
"""
STEPS = """
MATCH (n:CI {id: $id})
CALL (n) {
  RETURN n.valid_from AS seq
  UNION MATCH (v:Version)-[:OF]->(n) RETURN v.from AS seq
  UNION MATCH (n)-[e]-(:CI) RETURN e.valid_from AS seq
  UNION MATCH (n)-[e]-(:CI) WHERE e.valid_to IS NOT NULL RETURN e.valid_to AS seq
}
WITH DISTINCT seq WHERE seq < $before
RETURN seq, COLLECT { MATCH (c:Change {seq: seq}) RETURN c{.at, .actor, .kind, .summary} }[0] AS entry
ORDER BY seq DESC LIMIT $first
"""
"""The sequences at which something became of a CI, newest first, with their journal entries."""
_VERSIONS = """COLLECT { MATCH (v:Version {ci: n.id}) USING INDEX SEEK v:Version(ci)
            WHERE v.to > {from} AND v.from <= {to} RETURN properties(v) }"""
_SPANS = "e.valid_from > {from} AND e.valid_from <= {to} OR e.valid_to > {from} AND e.valid_to <= {to}"


def _between(text: str, begin: str, end: str) -> str:
    return text.replace("{from}", begin).replace("{to}", end)


LATELY = f"""
MATCH (j:Journal {{id: 'journal'}})
WITH coalesce($to, j.seq) AS last, coalesce({_PINNED.replace("{time}", "$time")}, 0) AS begun
UNWIND $ids AS id MATCH (n:CI {{id: id}})
CALL (n, begun) {{
  RETURN n.valid_from AS seq
  UNION MATCH (v:Version {{ci: n.id}}) USING INDEX SEEK v:Version(ci) WHERE v.to > begun RETURN v.from AS seq
  UNION MATCH (n)-[e]->(:CI) WHERE e.valid_from > begun RETURN e.valid_from AS seq
  UNION MATCH (n)-[e]->(:CI) WHERE e.valid_to > begun RETURN e.valid_to AS seq
}}
WITH DISTINCT n, begun, last, seq WHERE begun < seq AND seq <= last
MATCH (c:Change {{seq: seq}})
WITH n, begun, last, collect(c{{.seq, .at, .actor, .kind, .summary}}) AS entries ORDER BY n.id
WITH begun, last, collect({{n: n, entries: entries}}) AS found
UNWIND range(0, size(found) - 1) AS place
WITH begun, last, place, found[place].n AS n, found[place].entries AS entries
RETURN n.id AS id, begun, last, entries, CASE WHEN place < $most THEN properties(n) END AS now,
  {_between(_VERSIONS, "begun", "last").replace("WHERE", "WHERE place < $most AND")} AS versions,
  COLLECT {{ MATCH (n)-[e]->(t:CI) WHERE place < $most AND ({_between(_SPANS, "begun", "last")})
            RETURN [e.id, type(e), n.id, t.id, e.valid_from, e.valid_to] }} AS outgoing, [] AS incoming
"""
"""Of each CI the journal entries since a time and up to a sequence that changed it itself, or its own dependencies;
of the first `most` of them also what became of them meanwhile, as in `LIVES`."""
WHEN = "MATCH (c:Change {seq: $seq}) RETURN coalesce(c.time, c.at) AS at"
HEARD = """
UNWIND $actors AS actor
RETURN actor, COLLECT { MATCH (c:Change) WHERE c.actor = actor AND c.seq <= $at
                        RETURN coalesce(c.time, c.at) ORDER BY c.actor DESC, c.seq DESC LIMIT 1 }[0] AS at
"""
"""When each of these last did something, up to a sequence: one step in the index of actor and sequence."""
OUTAGES = """
CALL () {
  MATCH (v:Version) USING INDEX SEEK v:Version(ci) WHERE v.condition = 'down' AND v.ci IN $ids
  RETURN v.ci AS ci, v.from AS begin, v.to AS end
  UNION ALL
  MATCH (n:CI) USING INDEX SEEK n:CI(id) WHERE n.condition = 'down' AND n.id IN $ids
  RETURN n.id AS ci, n.valid_from AS begin, null AS end
}
WITH ci, begin, end WHERE begin <= $at
RETURN ci, begin, CASE WHEN end <= $at THEN end END AS end,
  COLLECT { MATCH (c:Change {seq: begin}) RETURN coalesce(c.time, c.at) }[0] AS begun,
  COLLECT { MATCH (c:Change {seq: end}) WHERE end <= $at RETURN coalesce(c.time, c.at) }[0] AS ended,
  COLLECT { MATCH (n:CI {id: ci}) RETURN n.first_seen }[0] AS since
ORDER BY ci, begin
"""
"""The states in which CIs were down by themselves, up to a sequence, with times; two may follow on each other."""
DOWN_SINCE = """
CALL () {
  MATCH (v:Version)-[:OF]->(n:CI) USING INDEX SEEK v:Version(condition)
  WHERE v.condition = 'down' AND (v.status = 'live' OR v.ci IN $ids)
  RETURN v.ci AS ci, v.from AS begin, v.to AS end
  UNION ALL
  MATCH (n:CI) USING INDEX SEEK n:CI(condition) WHERE n.condition = 'down' AND (n.status = 'live' OR n.id IN $ids)
  RETURN n.id AS ci, n.valid_from AS begin, null AS end
}
WITH ci, begin, end WHERE begin <= $at
WITH ci, begin, CASE WHEN end <= $at THEN end END AS end
WITH ci, begin, end, COLLECT { MATCH (c:Change {seq: end}) RETURN coalesce(c.time, c.at) }[0] AS ended
WHERE ci IN $ids OR ended IS NULL OR ended > $since
WITH ci, begin, end, ended ORDER BY ci IN $ids DESC, begin DESC LIMIT $most
RETURN ci, begin, end, ended, COLLECT { MATCH (c:Change {seq: begin}) RETURN coalesce(c.time, c.at) }[0] AS begun
ORDER BY ci, begin
"""
"""The states in which any CI was down by itself since a time, and those in which some `ids` ever were, up to a
sequence."""
RULES = """
UNWIND $ids AS id MATCH (n:CI {id: id})
RETURN id, n.name AS name, [[n.valid_from, null, n.redundancy]] + COLLECT {
  MATCH (v:Version {ci: id}) USING INDEX SEEK v:Version(ci)
  WHERE v.to > $from AND v.redundancy IS NOT NULL RETURN [v.from, v.to, v.redundancy]
} AS rules
"""
"""The redundancy rules of CIs since a sequence, as [from, until, rules]."""
TIMES = "UNWIND $seqs AS seq MATCH (c:Change {seq: seq}) RETURN seq, coalesce(c.time, c.at) AS at"
OF_CLASS = "UNWIND $ids AS id MATCH (n:CI {id: id}) WHERE n.class = $class RETURN id ORDER BY id"
LIVES = f"""
UNWIND $ids AS id MATCH (n:CI {{id: id}})
RETURN id, properties(n) AS now, {_between(_VERSIONS, "$from", "$to")} AS versions,
  COLLECT {{ MATCH (n)-[e]->(t:CI) WHERE {_between(_SPANS, "$from", "$to")}
            RETURN [e.id, type(e), id, t.id, e.valid_from, e.valid_to] }} AS outgoing,
  COLLECT {{ MATCH (n)<-[e]-(d:CI) WHERE $incoming AND ({_between(_SPANS, "$from", "$to")})
            RETURN [e.id, type(e), d.id, id, e.valid_from, e.valid_to] }} AS incoming
ORDER BY id
"""
"""All that became of some CIs between two sequences: the states that overlap, and edges opened or closed."""
INSIDE = """
UNWIND $ids AS id
CALL (id) {
  MATCH (n:CI {parent: id}) USING INDEX SEEK n:CI(parent) WHERE n.valid_from <= $at AND n.status = 'live'
  RETURN properties(n) AS n
  UNION ALL
  MATCH (v:Version {parent: id})-[:OF]->(:CI) USING INDEX SEEK v:Version(parent)
  WHERE v.from <= $at AND $at < v.to AND v.status = 'live'
  RETURN properties(v) AS n
}
RETURN n ORDER BY n.class, n.name, coalesce(n.id, n.ci)
"""
_CLAIMED = """
CALL (id) {
  MATCH (s:Scope)-[a:ASSERTS]->(:CI {id: id}) WHERE coalesce(a.from, a.since) <= $at
  RETURN s.id AS scope, a.since AS since, a.trace AS trace, a.said AS said
  UNION ALL
  MATCH (p:PastClaim {ci: id}) WHERE p.from <= $at AND $at < p.to
  RETURN p.scope AS scope, p.since AS since, p.trace AS trace, p.said AS said
}
"""
CLAIMS = f"""
UNWIND $ids AS id MATCH (:CI {{id: id}}) {_CLAIMED}
RETURN id, scope, since, trace, said,
       COLLECT {{ MATCH (p:Policy) WHERE p.rule = 'precedence' RETURN properties(p) }} AS precedence ORDER BY scope
"""
"""Who asserted each CI at a sequence, and what of it."""
TRACES = f"""
UNWIND $ids AS id MATCH (:CI {{id: id}})
RETURN id, COLLECT {{ {_CLAIMED} WITH * WHERE trace IS NOT NULL RETURN [scope, since, trace] }} AS traces,
       COLLECT {{ MATCH (m:Merge {{winner: id}}) WHERE m.seq <= $at AND coalesce(m.split_seq > $at, m.state = 'open')
                 RETURN [m.loser, m.at, m.by, m.reason] ORDER BY m.seq }} AS merges
"""
"""How each CI had been identified by a sequence, and what was merged into it then."""
STATES = """
UNWIND $ids AS id MATCH (n:CI {id: id})
RETURN CASE WHEN n.valid_from <= $at THEN properties(n)
            ELSE COLLECT { MATCH (v:Version)-[:OF]->(n) WHERE v.from <= $at AND $at < v.to RETURN properties(v) }[0]
       END AS state
"""
ENTRIES = """
UNWIND $seqs AS seq MATCH (c:Change {seq: seq})
RETURN c{.seq, .at, .actor, .kind, .summary, .ops} AS c ORDER BY c.seq DESC
"""


def needed_since(ids: Collection[str], begin: int, last: int) -> tuple[str, dict[str, Any]]:
    """Whatever these needed by a relation that carries failure, at some time between two sequences."""
    text = (
        f"UNWIND $ids AS id MATCH (d:CI {{id: id}})-[e:{'|'.join(f'`{name}`' for name in carrying())}]->(t:CI) "
        "WHERE e.valid_from <= $last AND (e.valid_to IS NULL OR e.valid_to > $begin) "
        "RETURN e.id AS id, type(e) AS type, d.id AS source, t.id AS target, e.valid_from AS begin, e.valid_to AS end, "
        "e.endpoint AS endpoint, e.also AS also, t.name AS name, t.listens AS listens"
    )
    return text, {"ids": list(ids), "begin": begin, "last": last}


def edge() -> str:
    """One edge by its id, open or closed: a look into the index of each relation."""
    one = (
        "MATCH (d:CI)-[e:`{0}`]->(t:CI) USING INDEX SEEK e:`{0}`(id) WHERE e.id = $id "
        "RETURN properties(e) AS e, '{0}' AS type, d.id AS d, t.id AS t"
    )
    return " UNION ALL ".join(one.format(name) for name in catalogue().relations)
