"""The statements about what a source says is there."""

from __future__ import annotations

from cmdb.classes import catalogue

LISTED = """
MATCH (n:CI) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $size
RETURN n.id AS id, n.class AS class, n.name AS name, n.parent AS parent, n.status AS status,
       EXISTS { (:Scope {id: $scope})-[:ASSERTS]->(n) } AS said,
       COLLECT { MATCH (n)-[e]->(t:CI) WHERE e.valid_to IS NULL AND (e.scope = $scope OR e.also CONTAINS $quoted)
                 RETURN [e.id, type(e), t.id] ORDER BY e.id } AS edges
"""
"""CIs in the order of ids, each with whether the source says that it is there, and which of its edges it does."""


def edge() -> str:
    """One open edge by its id: a look into the index of each relation."""
    one = (
        "MATCH (d:CI)-[e:`{0}`]->(t:CI) USING INDEX SEEK e:`{0}`(id) WHERE e.id = $id AND e.valid_to IS NULL "
        "RETURN properties(e) AS e, '{0}' AS type, d.id AS d, t.id AS t"
    )
    return " UNION ALL ".join(one.format(name) for name in catalogue().relations)
