"""What a rehearsed report did, looked at before it is taken back."""

from __future__ import annotations

INSIDE = "MATCH (c:CI {parent: $host}) RETURN c.class AS class, c.key AS key, c.id AS id"
LABELS = "MATCH (n:CI) WHERE n.id IN $ids RETURN n.id AS id, n.class + ' ' + n.name AS label"
BEFORE = """
UNWIND $ids AS id MATCH (n:CI {id: id})
MATCH (v:Version {ci: id}) USING INDEX SEEK v:Version(ci) WHERE v.to = n.valid_from
RETURN id, properties(v) AS was
"""
STANDING = """
MATCH (n:CI) WHERE n.id IN $ids
MATCH (n)-[e]->(t:CI)
WHERE e.id IN $closed OR (e.valid_to IS NULL AND e.scope STARTS WITH $scope AND NOT e.id IN $opened)
RETURN e.id AS id, n.id AS source, type(e) AS type, t.id AS target ORDER BY type, source, target
"""
