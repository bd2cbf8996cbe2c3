"""What is told of a report that is rehearsed: names, what was there before, and the edges that stand."""

from __future__ import annotations

LOOK = """
RETURN COLLECT { MATCH (j:Journal {id: 'journal'}) RETURN j.seq }[0] AS seq,
  COLLECT { UNWIND $changed AS id MATCH (n:CI {id: id}) RETURN properties(n) } AS before,
  COLLECT { UNWIND $ends AS id MATCH (n:CI {id: id}) RETURN [id, n.class, n.name] } AS ends,
  COLLECT { UNWIND $mine AS id MATCH (n:CI {id: id})-[e]->(t:CI)
            WHERE e.id IN $told OR (e.valid_to IS NULL AND e.scope STARTS WITH $scope AND NOT e.id IN $others)
            RETURN [e.id, type(e), [id, n.class, n.name], [t.id, t.class, t.name]]
            ORDER BY type(e), id, t.id } AS standing
"""
"""Of some CIs their names and properties, and their open edges that a source is believed of first.

Edges are told too that will be so (`told`), and not those that will be `others`'.
"""
