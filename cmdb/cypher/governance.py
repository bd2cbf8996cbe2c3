"""The statements about policies, tags, and what expires."""

from __future__ import annotations

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
EXPIRED = """
MATCH (n:CI) WHERE n.expires_at <= $now AND n.status = 'live'
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
