"""The graph as it was at a sequence, page by page in the order of ids."""

from __future__ import annotations

NODES = """
MATCH (n:CI) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $size
RETURN n.id AS id,
       CASE WHEN n.valid_from <= $at THEN properties(n)
            ELSE COLLECT { MATCH (v:Version)-[:OF]->(n) WHERE v.from <= $at AND $at < v.to RETURN properties(v) }[0]
       END AS state
"""
EDGES = """
MATCH (n:CI) WHERE n.id > $after
WITH n ORDER BY n.id LIMIT $size
RETURN n.id AS id, n.class AS class,
       COLLECT { MATCH (n)-[e]->(t:CI)
                 WHERE e.valid_from <= $at AND (e.valid_to IS NULL OR e.valid_to > $at)
                 RETURN [type(e), t.id, t.class, properties(e)] ORDER BY e.id } AS edges
"""
