"""The statements about process records: written with `rev`, read many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.words import Wanted

OPEN = """
MERGE (n:Numbering {prefix: $prefix}) SET n.last = coalesce(n.last, 0) + 1
CREATE (r:Record {id: $id, rev: $rev, serial: n.last, number: $prefix + '-' + n.last, type: $label}) SET r:$($label)
RETURN r.number AS number, r.id AS id
"""
WRITE = """
MATCH (r:Record {id: $id}) WHERE r.rev = $rev
SET r += $set
FOREACH (step IN $past | CREATE (r)-[:HAS_EVENT]->(p:StateEvent) SET p = step)
CREATE (r)-[:HAS_EVENT]->(e:StateEvent) SET e = $event
FOREACH (text IN CASE WHEN $note IS NULL THEN [] ELSE [$note] END |
         CREATE (r)-[:HAS_NOTE]->(:Note {n: $event.n, at: $event.at, by: $event.by, text: text}))
WITH r
CALL (r) { MATCH (r)-[a:AFFECTS]->(c:CI) WHERE $cis IS NOT NULL AND NOT c.id IN $cis DELETE a }
CALL (r) { UNWIND coalesce($cis, []) AS id MATCH (c:CI {id: id}) MERGE (r)-[:AFFECTS]->(c) RETURN count(c) AS about }
CALL (r) { MATCH (r)-[l]->(t:CI|Record) WHERE type(l) IN $clear DELETE l }
CALL (r) { UNWIND $links AS row
           OPTIONAL MATCH (c:CI {id: row.to}) OPTIONAL MATCH (o:Record {id: row.to})
           OPTIONAL MATCH (n:Record {number: row.to})
           WITH r, row, coalesce(c, o, n) AS t WHERE t IS NOT NULL
           MERGE (r)-[l:$(row.type)]->(t) SET l.at = $event.at, l.by = $event.by, l.path = row.path
           RETURN collect([row.to, t.id, t:CI]) AS linked }
RETURN properties(r) AS r, about, linked, [(r)-[:AFFECTS]->(c:CI) | c.id] AS cis
"""
"""One move whole: properties, history, note, CIs and links; no row when the record has another revision."""

ONE = """
CALL () { MATCH (r:Record {id: $name}) USING INDEX SEEK r:Record(id) RETURN r
          UNION MATCH (r:Record {number: $name}) USING INDEX SEEK r:Record(number) RETURN r }
WITH r WHERE r.type = $type
RETURN properties(r) AS r, [(r)-[:AFFECTS]->(c:CI) | c.id] AS cis
"""
BY_NUMBER = """
UNWIND $numbers AS number MATCH (r:Record {number: number})
RETURN properties(r) AS r, [(r)-[:AFFECTS]->(c:CI) | c.id] AS cis
"""
HISTORIES = """
UNWIND $ids AS id MATCH (:Record {id: id})-[:HAS_EVENT]->(e)
WITH id, e ORDER BY e.n
RETURN id, collect(properties(e)) AS events
"""
NOTES = """
UNWIND $ids AS id MATCH (:Record {id: id})-[:HAS_NOTE]->(n)
WITH id, n ORDER BY n.n
RETURN id, collect(properties(n)) AS notes
"""
_LINKED = """
UNWIND $ids AS id
CALL (id) {{
  MATCH (r:Record {{id: id}}){arrow}(t:{ends})
  WHERE $types IS NULL OR type(l) IN $types
  WITH l, t, type(l) + ' ' + right('00000000000' + coalesce(t.serial, 0), 12) + ' ' + t.id AS key
  WHERE $after IS NULL OR key > $after
  RETURN l, t, key ORDER BY key LIMIT $first
}}
RETURN id, key, type(l) AS type, t.id AS to, t:CI AS ci, t{{.number, .type, .state, .category, .owner}} AS record,
       l.at AS at, l.by AS by, coalesce(l.path, []) AS path ORDER BY id, key
"""
LINKS = _LINKED.format(arrow="-[l]->", ends="CI|Record")
LINKED_FROM = _LINKED.format(arrow="<-[l]-", ends="Record")
"""A page of links of each record: by type, records by their numbers, CIs by id; `key` is the place in that order."""
OF_CIS = """
UNWIND $ids AS id MATCH (c:CI {id: id})<-[:AFFECTS]-(r:Record)
RETURN c.id AS ci, properties(r) AS r, [(r)-[:AFFECTS]->(x:CI) | x.id] AS cis ORDER BY r.serial DESC
"""
WHOLE = """
MATCH (r:Record)
RETURN r.id AS id, properties(r) AS r, COLLECT { MATCH (r)-[:AFFECTS]->(c) RETURN c.id ORDER BY c.id } AS cis,
  COLLECT { MATCH (r)-[:HAS_EVENT]->(e) RETURN properties(e) ORDER BY e.n } AS history,
  COLLECT { MATCH (r)-[:HAS_NOTE]->(n) RETURN properties(n) ORDER BY n.n } AS notes,
  COLLECT { MATCH (r)-[l]->(t:CI|Record) WHERE type(l) <> 'AFFECTS'
            RETURN [type(l), t.id, properties(l)] ORDER BY type(l), t.id } AS links
"""
"""Everything of every record, for an audit."""

_FILTERS = {
    "states": "r.state IN {}",
    "categories": "r.category IN {}",
    "owner": "r.owner = {}",
    "opened_by": "r.opened_by = {}",
    "model": "r.model = {}",
    "cis": "EXISTS {{ (r)-[:AFFECTS]->(c:CI) WHERE c.id IN {} }}",
    "opened_from": "r.opened_at >= {}",
    "opened_before": "r.opened_at < {}",
    "closed_from": "r.closed_at >= {}",
    "closed_before": "r.closed_at < {}",
    "state_before": "r.state_since < {}",
    "text": "ALL(word IN {} WHERE r.search CONTAINS word)",
    "event_key": "r.event_key = {}",
}
ORDERS = {
    "NEWEST": ("r.serial DESC", "r.serial < {serial}"),
    "OLDEST": ("r.serial", "r.serial > {serial}"),
    "CHANGED": (
        "r.changed_at DESC, r.serial DESC",
        "(r.changed_at < {key} OR (r.changed_at = {key} AND r.serial < {serial}))",
    ),
}
"""How a list may be ordered, and what lies behind a place in it."""


PAGES_AT_ONCE = 8
"""Pages of lists in one statement: as many as any process asks for at a time. Each combination is planned once."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of a list of records of one type; `after` is the (changed_at, serial) of the last one seen."""

    kind: str
    wanted: Wanted
    order: str = "NEWEST"
    first: int = 50
    after: tuple[str, int] | None = None


def pages(asked: Sequence[RecordPage]) -> tuple[str, dict[str, Any]]:
    """Several pages in one round trip: one row, with the rows [properties, ids of CIs] of page n in column `pn`."""
    parts, parameters = [], dict[str, Any]()
    for n, page in enumerate(asked):
        text, given = _page(page, f"_{n}" if n else "")
        parts.append(f"COLLECT {{ {text} }} AS p{n}")
        parameters |= given
    return "RETURN " + ",\n".join(parts), parameters


def _page(page: RecordPage, suffix: str) -> tuple[str, dict[str, Any]]:
    by, behind = ORDERS[page.order]
    where, parameters = _where(page.kind, page.wanted, suffix)
    if page.after is not None:
        place = {"key": page.after[0], "serial": page.after[1]}
        where += " AND " + behind.format(**{name: f"${name}{suffix}" for name in place})
        parameters |= {f"{name}{suffix}": value for name, value in place.items()}
    text = (
        f"MATCH (r:Record {{type: $type{suffix}}}) WHERE {where} WITH r ORDER BY {by} LIMIT $first{suffix} "
        f"RETURN [properties(r), [(r)-[:AFFECTS]->(c:CI) | c.id]] AS row ORDER BY {by}"
    )
    return text, {**parameters, f"first{suffix}": page.first}


def count(kind: str, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """How many there are."""
    where, parameters = _where(kind, wanted)
    return f"MATCH (r:Record {{type: $type}}) WHERE {where} RETURN count(r) AS count", parameters


def _where(kind: str, wanted: Wanted, suffix: str = "") -> tuple[str, dict[str, Any]]:
    given: dict[str, Any] = {name: getattr(wanted, name) for name in _FILTERS if getattr(wanted, name)}
    parameters: dict[str, Any] = {k + suffix: list(v) if isinstance(v, tuple) else v for k, v in given.items()}
    if "text" in given:
        parameters[f"text{suffix}"] = given["text"].lower().split()
    conditions = [_FILTERS[name].format(f"${name}{suffix}") for name in given]
    return " AND ".join(["true", *conditions]), {**parameters, f"type{suffix}": kind}
