"""Pages of what surrounds CIs: a page costs what it holds, however much there is. Of now, then, or a proposed state.

What is inside is read in the order of an index; of the edges only those of the page leave the database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from cmdb.classes import catalogue
from cmdb.cypher.frames import Frame, Parameters, there

Statement = tuple[str, dict[str, Any]]
Way = Literal["out", "in"]
EDGE = ("type(e)", "e.id")
"""The order of edges; a page begins behind these two of the last one seen. All others are not even looked at whole."""
_BY = "n.class, n.name, n.id"
_ANY = "n.id IS NOT NULL"
_ORDERED = "USING INDEX SEEK n:CI(parent, class, name, id)"
"""Read in the order of the list; without the hint Neo4j may walk the whole index instead of one stretch of it."""


def edges(
    ids: Collection[str], way: Way, types: Collection[str] | None, first: int, after: Sequence[str] | None, frame: Frame
) -> Statement | None:
    """Up to `first` edges of each CI, out or in: rows of id, e, type, source, target. None: there can be none."""
    named = catalogue().relations if types is None else [catalogue().relation(name).name for name in types]
    known = sorted(name for name in named if after is None or name >= after[0])
    if not known:
        return None
    params = Parameters(frame)
    near, kinds = ("d" if way == "out" else "t"), "|".join(f"`{name}`" for name in known)
    more = "" if after is None else f" AND ({_beyond(EDGE, after, params)})"
    order = ", ".join(EDGE)
    return (
        f"UNWIND {params.add(list(ids))} AS id CALL (id) {{ MATCH ({near}:CI {{id: id}}) "
        f"MATCH (d:CI)-[e:{kinds}]->(t:CI) WHERE {there(params)}{more} "
        f"WITH d, e, t ORDER BY {order} LIMIT {params.add(first)} RETURN d, e, t }} "
        f"RETURN id, properties(e) AS e, type(e) AS type, d.id AS source, t.id AS target ORDER BY {order}",
        dict(params),
    )


def children(ids: Collection[str], cls: str | None, first: int, after: Sequence[str] | None, frame: Frame) -> Statement:
    """Up to `first` CIs inside each CI, of a class or of any, by class, name and id: rows of id and n.

    `after` are those three of the last one seen. Those that a proposed state has otherwise are left out.
    """
    params = Parameters(frame)
    most, parts = params.add(first), []
    untouched = f" AND NOT {{0}} IN {params.of_frame('touched')}" if frame.posing is not None else ""
    begun = "" if frame.at is None else f" AND n.valid_from <= {params.of_frame('at')}"
    for span in _spans(cls, after, params):
        parts.append(
            f"MATCH (n:CI {{parent: id}}) {_ORDERED} WHERE {span} AND n.status = 'live'{begun}"
            f"{untouched.format('n.id')} WITH n ORDER BY n.parent, {_BY} LIMIT {most} RETURN properties(n) AS n"
        )
    if frame.at is not None:
        pin, spans = params.of_frame("at"), " OR ".join(f"({one})" for one in _spans(cls, after, params))
        parts.append(
            f"MATCH (v:Version {{parent: id}})-[:OF]->(:CI) USING INDEX SEEK v:Version(parent) "
            f"WHERE v.from <= {pin} AND v.to > {pin} "
            f"AND v.status = 'live'{untouched.format('v.ci')} WITH v {{.*, id: v.ci}} AS n WHERE {spans} "
            f"RETURN n ORDER BY {_BY} LIMIT {most}"
        )
    return (
        f"UNWIND {params.add(list(ids))} AS id CALL (id) {{ CALL (id) {{ {' UNION ALL '.join(parts)} }} "
        f"WITH n ORDER BY {_BY} LIMIT {most} RETURN n }} RETURN id, n ORDER BY {_BY}",
        dict(params),
    )


def _spans(cls: str | None, after: Sequence[str] | None, params: Parameters) -> list[str]:
    """What of the order is left, each part a stretch of the index: the rest of a class, and the classes behind it."""
    of_class = None if cls is None else params.add(cls)
    if after is None:
        return [f"n.class {'IS NOT NULL' if of_class is None else f'= {of_class}'} AND n.name IS NOT NULL AND {_ANY}"]
    last, name, ci = (params.add(value) for value in after)
    rest = [f"n.class = {last} AND n.name = {name} AND n.id > {ci}", f"n.class = {last} AND n.name > {name} AND {_ANY}"]
    if of_class is not None:
        return [f"{one} AND n.class = {of_class}" for one in rest]
    return [*rest, f"n.class > {last} AND n.name IS NOT NULL AND {_ANY}"]


def _beyond(columns: Sequence[str], values: Sequence[str], params: Parameters) -> str:
    column, value = columns[0], params.add(values[0])
    if len(columns) == 1:
        return f"{column} > {value}"
    return f"{column} > {value} OR {column} = {value} AND ({_beyond(columns[1:], values[1:], params)})"
