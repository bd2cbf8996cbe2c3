"""The statements about policies, tags, and what expires."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from cmdb.claims import is_extra
from cmdb.classes import catalogue
from cmdb.cypher.filters import rows
from cmdb.cypher.frames import Frame, Parameters
from cmdb.words import ANY, Cardinality
from cmdb.words.check import SNAKE

POLICIES = "MATCH (p:Policy) RETURN properties(p) AS p ORDER BY p.name"
PUT = "MERGE (p:Policy {name: $name}) SET p = $properties"
LIFT = "MATCH (p:Policy {name: $name}) WITH p, properties(p) AS was DELETE p RETURN was"
WAITING = "MATCH (j:Journal {id: 'journal'}) RETURN coalesce(j.redecide, []) AS waiting"
LOCK_WAITING = "MATCH (j:Journal {id: 'journal'}) SET j.seq = j.seq RETURN coalesce(j.redecide, []) AS waiting"
"""With the journal's lock, without a step: nothing is applied meanwhile."""
KEEP_WAITING = "MATCH (j:Journal {id: 'journal'}) SET j.redecide = $waiting"
CLAIMED = """
UNWIND $ids AS id MATCH (n:CI {id: id})
RETURN properties(n) AS ci, [(s:Scope)-[a:ASSERTS]->(n) | [s.id, a.seq, a.said]] AS claims
"""
EXPIRED = """
MATCH (n:CI) USING INDEX SEEK n:CI(expires_at) WHERE n.expires_at <= $now AND n.status = 'live'
RETURN n.id AS id, n.expires_at AS at ORDER BY at, id LIMIT $most
"""
_CROWDED = """
MATCH (n:CI)-[e:{types}]-(o:CI) WHERE e.valid_to IS NULL AND n.id >= split($after, ' ')[0]
  AND (startNode(e) = n OR type(e) IN $both)
WITH n, type(e) AS type, startNode(e) = n AS goes, collect([e.id, o.id]) AS edges WHERE size(edges) > 1
WITH n, type, goes, edges, n.id + ' ' + type + ' ' + CASE goes WHEN true THEN 'out' ELSE 'in' END AS place
WHERE place > $after
RETURN n.id AS id, type, goes, size(edges) AS count, edges[..100] AS edges, place ORDER BY place LIMIT $limit
"""


def claimed_by_several(cls: str, attribute: str) -> str:
    """Live members of a class by id of which several sources say something, one of them this attribute."""
    label = ANY if cls == ANY else catalogue().cls(cls).name
    named = json.dumps(f'"{attribute}":')  # as the claims' JSON has it; a value may have it too, that does no harm
    return (
        f"MATCH (n:CI) USING INDEX SEEK n:CI(id) WHERE n:`{label}` AND n.id > $after AND n.status = 'live' "
        "AND COUNT { (n)<-[a:ASSERTS]-(:Scope) WHERE a.said IS NOT NULL } > 1 "
        f"AND EXISTS {{ (n)<-[a:ASSERTS]-(:Scope) WHERE a.said CONTAINS {named} }} "
        "RETURN n.id AS id ORDER BY n.id LIMIT $limit"
    )


def tags(prefix: str, after: str | None, limit: int, frame: Frame) -> tuple[str, dict[str, Any]]:
    """The tags of live CIs that begin so, each with how many carry it, in order."""
    params = Parameters(frame)
    found = rows(None, ["n.tags IS NOT NULL", "n.status = 'live'"], params)
    given, behind = params.add(prefix), params.add(after)
    return (
        f"{found} UNWIND n.tags AS tag WITH tag WHERE tag STARTS WITH {given} AND ({behind} IS NULL OR tag > {behind}) "
        f"RETURN tag, count(*) AS count ORDER BY tag LIMIT {params.add(limit)}",
        dict(params),
    )


def crowded(after: str, limit: int) -> tuple[str, dict[str, Any]]:
    """CIs with more open edges of a relation than its cardinality allows, in order; of each the first 100 edges."""
    tight = {r.name: r.cardinality for r in catalogue().relations.values()}
    types = "|".join(f"`{name}`" for name, one in tight.items() if one is not Cardinality.MANY_TO_MANY)
    both = [name for name, one in tight.items() if one is Cardinality.ONE_TO_ONE]
    return _CROWDED.replace("{types}", types or "`none`"), {"both": both, "after": after, "limit": limit}


def looked_at(classes: Collection[str], cls: str | None, attributes: Collection[str]) -> str:
    """Live members of these classes (and of `cls`) by id: id, class, these attributes, names of free attributes."""
    known = {ANY, *catalogue().classes}
    labels = "|".join(f"`{name}`" for name in sorted(set(classes) & known)) or "`nothing`"
    also = "" if cls is None else f" AND n:`{catalogue().cls(cls).name}`"
    kept = sorted({"name", "class", "id", *(a for a in attributes if SNAKE.fullmatch(a) or is_extra(a))})
    columns = ", ".join(f".`{name}`" for name in kept)
    return (
        f"MATCH (n:CI) WHERE n.id > $after AND n.status = 'live' AND n:({labels}){also} "
        f"WITH n ORDER BY n.id LIMIT $limit "
        f"RETURN n{{{columns}}} AS n, CASE WHEN $extra THEN [k IN keys(n) WHERE k STARTS WITH 'extra:'] END AS extra"
    )
