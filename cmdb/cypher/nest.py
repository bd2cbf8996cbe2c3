"""The statements about what is inside of what: up by the relations that contain."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher.questions import open_at

DEEPEST = 16
"""Containers inside of each other, at most, that a ring is looked for in."""


def way() -> str:
    """The names on a shortest way from one CI up to another, now."""
    return (
        f"MATCH p = shortestPath((:CI {{id: $source}})-[:{_containing()}*1..{DEEPEST}]->(:CI {{id: $target}}))\n"
        "WHERE all(e IN relationships(p) WHERE e.valid_to IS NULL) RETURN [n IN nodes(p) | n.name] AS names"
    )


def above(ids: Collection[str], at: int) -> tuple[str, dict[str, Any]]:
    """Every edge on the ways from some CIs up to all that they are inside of at a sequence, in one round trip."""
    text = (
        f"UNWIND $ids AS id MATCH (:CI {{id: id}}) "
        f"((:CI)-[e:{_containing()} WHERE {open_at('$at')}]->(:CI)){{1,{DEEPEST}}} (:CI) UNWIND e AS one "
        "WITH DISTINCT one, startNode(one) AS d, endNode(one) AS t "
        "RETURN type(one) AS type, [d.id, d.class, d.name] AS source, [t.id, t.class, t.name] AS target"
    )
    return text, {"ids": list(ids), "at": at}


def _containing() -> str:
    return "|".join(f"`{name}`" for name in catalogue().containing)
