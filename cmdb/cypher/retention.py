"""The statements of retention: what of long retired CIs is kept no longer."""

from __future__ import annotations

_DUE = """
MATCH (n:CI) WHERE n.status = 'retired' AND n.class IN $classes AND n.valid_from <= $seq
CALL (n) {{ MATCH (v:Version)-[:OF]->(n) RETURN v.from AS version, v.to AS ended, null AS edge, null AS claim
           UNION ALL
           MATCH (n)-[e]-(:CI) WHERE e.valid_to <= $seq
           RETURN null AS version, e.valid_to AS ended, e.id AS edge, null AS claim{more} }}
"""
_CLAIMS = """
           UNION ALL
           MATCH (p:PastClaim {ci: n.id}) WHERE p.to <= $seq
           RETURN null AS version, p.to AS ended, null AS edge, [p.scope, p.ci, p.from] AS claim"""
DUE = f"{_DUE.format(more=_CLAIMS)} RETURN n.id AS ci, version, edge, claim, ended LIMIT $most"
"""Earlier states, claims and closed edges of CIs retired at or before a sequence; an edge of two comes twice."""
COUNT = (
    f"{_DUE.format(more='')} "
    "RETURN n.class AS class, count(version) AS versions, count(DISTINCT edge) AS edges ORDER BY class"
)
DELETE = """
CALL () { UNWIND $versions AS row MATCH (v:Version {ci: row[0]}) USING INDEX SEEK v:Version(ci) WHERE v.from = row[1]
          DETACH DELETE v }
CALL () { UNWIND $versions AS row WITH DISTINCT row[0] AS ci MATCH (p:PastTerms {ci: ci}) DELETE p }
CALL () { UNWIND $claims AS row MATCH (p:PastClaim {ci: row[1]}) WHERE p.scope = row[0] AND p.from = row[2] DELETE p }
CALL () { UNWIND $edges AS row MATCH (:CI {id: row[0]})-[e]-(:CI) WHERE e.id = row[1] DELETE e }
MATCH (j:Journal {id: 'journal'})
SET j.purged_to = CASE WHEN coalesce(j.purged_to, 0) < $ended THEN $ended ELSE j.purged_to END
"""
PURGED_TO = "MATCH (j:Journal {id: 'journal'}) RETURN coalesce(j.purged_to, 0) AS seq"
"""Of moments before this sequence something of CIs retired since is kept no longer."""
