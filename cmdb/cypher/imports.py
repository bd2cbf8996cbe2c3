"""The statements of imports: each looks for all rows of a batch at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cmdb.cypher.identity import MOST, forms
from cmdb.words import CIClass, IdentityRule, Value

Statement = tuple[str, dict[str, Any]]
Values = Mapping[str, Value]

NAMED = """
MATCH (n:CI) WHERE n.id IN $names
RETURN n.id AS called, n.id AS id, n.class AS class, n.name AS name, n.status AS status, 0 AS rank, 0 AS since
UNION ALL
MATCH (r:MergedRef) USING INDEX SEEK r:MergedRef(ref) WHERE r.ref IN $names AND r.scope = $scope
MATCH (n:CI {id: r.ci}) USING INDEX SEEK n:CI(id)
RETURN r.ref AS called, n.id AS id, n.class AS class, n.name AS name, n.status AS status, 2 AS rank, 0 AS since
UNION ALL
MATCH (s:Scope)-[a:ASSERTS]->(n:CI) USING INDEX SEEK a:ASSERTS(ref) WHERE a.ref IN $names AND s.id = $scope
RETURN a.ref AS called, n.id AS id, n.class AS class, n.name AS name, n.status AS status, 1 AS rank, a.since AS since
"""
"""What names stand for: our ids, what the same source called a CI before (of several the last, and a live one), and
(rank 2) one that was merged away.

The hint: what a source says may be a million CIs, and Neo4j knows only how many a source says on average.
"""

# The hints: without statistics (a new graph) Neo4j would read a whole index for each row.
PLACES = """
UNWIND $rows AS row
CALL (row) {
  MATCH (n:CI {parent: row.parent}) USING INDEX SEEK n:CI(parent, key) WHERE n.key = row.key AND n.class = row.class
  RETURN n ORDER BY n.status, n.id LIMIT 1
}
RETURN row.n AS n, coalesce(n.merged_into, n.id) AS id
"""
ROOTS = """
UNWIND $rows AS row
CALL (row) {
  MATCH (n:CI {key: row.key}) USING INDEX SEEK n:CI(key) WHERE n.parent IS NULL AND n.class = row.class
  RETURN n ORDER BY n.status, n.id LIMIT 1
}
RETURN row.n AS n, coalesce(n.merged_into, n.id) AS id
"""

CIS = """
MATCH (n:CI) WHERE n.id IN $ids
RETURN properties(n) AS ci, [(s:Scope)-[a:ASSERTS]->(n) | [s.id, a.seq, a.said]] AS claims,
       head([(s:Scope)-[a:ASSERTS]->(n) WHERE s.id = $scope | a.ref]) AS ref
"""
TRACES = """
UNWIND $rows AS row MATCH (c:CI {id: row.ci})<-[a:ASSERTS]-(s) USING INDEX SEEK c:CI(id) WHERE s.id = $scope
SET a.trace = coalesce(row.trace, a.trace), a.ref = coalesce(row.ref, a.ref)
"""
"""The source carries no label here, so that it is reached from the CI and not the CI from all that the source says."""
SEEN = "MATCH (s:Scope {id: $scope}) SET s.at = $now"
"""An import that changes nothing still says that all is as it was: leases count from then."""
IMPORTED_AT = "MATCH (s:Scope) WHERE s.id IN $scopes AND s.at IS NOT NULL RETURN s.id AS id, s.at AS at"

TOTALS = "RETURN COUNT { (:CI) } AS cis, COUNT { (:CI)-->(:CI) } AS edges, COUNT { (:Change) } AS entries"
ODD = "UNWIND $rows AS row MATCH (n:CI {id: row.id}) SET n += row.set"


def edges(keys: Collection[tuple[str, str, str]]) -> Statement:
    """The open edges of these types and ends.

    Each type is a part of its own, in which both ends are at hand: then Neo4j walks from the one with fewer edges.
    Asked for edges of any type, it would read all there are once for each row while its statistics are of an empty
    graph, as they are all through a dry run.
    """
    ends: dict[str, list[tuple[str, str]]] = {}
    for kind, source, target in keys:
        ends.setdefault(kind, []).append((source, target))
    return " UNION ALL ".join(_BETWEEN.format(kind) for kind in sorted(ends)), ends


_BETWEEN = """
UNWIND $`{0}` AS ends
MATCH (a:CI {{id: ends[0]}}) USING INDEX SEEK a:CI(id)
MATCH (b:CI {{id: ends[1]}}) USING INDEX SEEK b:CI(id)
CALL (a, b) {{ MATCH (a)-[e:`{0}`]->(b) WHERE e.valid_to IS NULL RETURN e }}
RETURN properties(e) AS e, '{0}' AS type, a.id AS source, b.id AS target
"""


def candidates(
    family: str,
    cls: CIClass,
    rule: IdentityRule,
    rows: Collection[tuple[int, Mapping[str, Value], Mapping[str, Value]]],
) -> Statement | None:
    """CIs of a family that share the single values of a rule with a row (number, clean keys, raw), at most 100 each.

    None: no row has them. Lists are compared when the candidates are there.
    """
    declared = [a for key in rule.keys if (a := cls.attribute(key)) is not None]
    single = [a.name for a in declared if a.type != "strings"] + [key for key in rule.keys if key == "name"]
    # By what is indexed alone: the rest is compared afterwards, in its normal form and not as it happens to be stored.
    single = [key for key in single if (a := cls.attribute(key)) is None or a.index] or single
    asked = [
        {"n": n, **{key: forms(key, clean[key], raw.get(key)) for key in single}}
        for n, clean, raw in rows
        if single and all(clean.get(key) is not None for key in single)
    ]
    if not asked:
        return None
    where = " AND ".join(f"h.`{key}` IN row.`{key}`" for key in single)
    first = cls.attribute(single[-1])
    label = "CI" if first is None else family
    hint = f"USING INDEX SEEK h:`{label}`(`{single[-1]}`) " if first is None or first.index else ""
    return (
        f"UNWIND $rows AS row CALL (row) {{ MATCH (h:CI:`{family}`) {hint}WHERE {where} "
        f"RETURN h ORDER BY h.id LIMIT {MOST} }} "
        "RETURN row.n AS n, h.id AS id, h.merged_into AS merged, properties(h) AS attributes",
        {"rows": asked},
    )
