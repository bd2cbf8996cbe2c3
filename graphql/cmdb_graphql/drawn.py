"""The server's own impact answer as the nouns of its picture, read by the very code that reads it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmdb_graphql.pictures import Radius
from cmdb_graphql.types import Dependency, Times, edge_age

if TYPE_CHECKING:
    from cmdb_graphql.impact_answer import Impact

Nodes = Mapping[str, Mapping[str, Any]]


def radius_of(impact: Impact, nodes: Nodes, times: Times) -> Radius:
    """What is drawn. `nodes` are rows by id, `times` when each scope last reported; nothing more is asked for."""
    items = [
        {
            "ci": _ci(nodes, item.ci), "degree": item.degree.name, "hops": item.hops, "reason": item.reason,
            "freshnessSeconds": item.freshness_seconds, "risk": item.risk,
            "path": [_hop(hop, times) for hop in item.path[:1]],
        }
        for item in impact.items
    ]  # fmt: skip
    return Radius.of({
        "verdict": impact.verdict, "sequence": impact.sequence, "truncated": impact.truncated, "items": items,
        "of": [_ci(nodes, ci) for ci in impact.of], "atRisk": [_ci(nodes, ci) for ci in impact.at_risk],
        "risks": [{"ci": _ci(nodes, risk.ci), "reason": risk.reason} for risk in impact.risks],
    })  # fmt: skip


def _ci(nodes: Nodes, ci: Any) -> dict[str, Any]:
    row = nodes[str(ci.id)]
    return {"id": row["id"], "name": row["name"], "class": row["class"]}


def _hop(hop: Dependency, times: Times) -> dict[str, Any]:
    edge = hop.edge
    seen = edge_age(edge, times)
    return {"type": edge.type, "to": {"id": edge.target}, "evidence": edge.evidence, "ageSeconds": seen}
