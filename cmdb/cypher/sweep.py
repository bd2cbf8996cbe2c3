"""The statements of the sweep."""

from __future__ import annotations

SCOPES = "MATCH (s:Scope) WHERE s.node IS NOT NULL AND s.at IS NOT NULL RETURN collect([s.id, s.at]) AS scopes"
_HELD = """
c.id AS id, c.class AS class, c.parent AS parent, c.stale_since AS stale_since,
[(o:Scope)-[:ASSERTS]->(c) | o.id] AS scopes
"""
SILENT = f"""
UNWIND $scopes AS scope MATCH (s:Scope {{id: scope}})-[:ASSERTS]->(c:CI) USING INDEX SEEK s:Scope(id)
WHERE c.status = 'live' AND c.stale_since IS NULL
WITH DISTINCT c RETURN {_HELD}
"""
STALE = f"""
MATCH (c:CI) USING INDEX c:CI(stale_since) WHERE c.stale_since IS NOT NULL AND c.status = 'live'
RETURN {_HELD} ORDER BY id
"""
MARK = """
UNWIND $ids AS id MATCH (c:CI {id: id}) USING INDEX SEEK c:CI(id) WHERE c.status = 'live' SET c.stale_since = $since
"""
"""Not a change of the CI: it costs no version and no revision."""
