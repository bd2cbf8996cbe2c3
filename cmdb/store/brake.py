"""Reports that the mass-loss brake holds: kept by scope until a second report agrees or a person releases them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.reconcile import Known
from cmdb.reconcile.brake import Loss, agrees, losses
from cmdb.store.session import Bolt
from cmdb.words import Snapshot

HOLD = """
UNWIND $rows AS row MERGE (b:Brake {id: row.id})
ON CREATE SET b.since = $now SET b += row, b.released_by = null
"""
FREE = "MATCH (b:Brake {node: $node}) DELETE b"
_HELD = """
MATCH (b:Brake) OPTIONAL MATCH (:Scope {id: b.node})-[:ASSERTS]->(h:CI)
RETURN properties(b) AS b, h.id AS host ORDER BY b.since, b.id
"""
RELEASE = "MATCH (b:Brake {id: $id}) SET b.released_by = $by RETURN b.node AS node, b.lost AS lost, b.of AS of"


@dataclass(frozen=True, slots=True)
class Held:
    """A held scope: what it would lose of how many, whose report it is, since when, and who released it, if anybody."""

    scope: str
    node: str
    host: str | None
    lost: tuple[str, ...]
    of: int
    since: str
    released_by: str | None


def believed_not(snapshot: Snapshot, known: Known, held: Sequence[dict[str, Any]]) -> list[Loss]:
    """The losses of a report that hold it: those that neither an earlier report nor a person's word announced."""
    before = {one["id"]: one for one in held}
    return [
        loss
        for loss in losses(snapshot, known)
        if loss.scope not in before
        or not agrees(loss, json.loads(before[loss.scope]["lost"]))
        or (before[loss.scope]["report"] == snapshot.report_id and not before[loss.scope].get("released_by"))
    ]


def row(loss: Loss, snapshot: Snapshot, now: str) -> dict[str, Any]:
    """The properties of a held scope."""
    return {
        "id": loss.scope, "node": snapshot.node, "report": snapshot.report_id, "lost": json.dumps(loss.lost),
        "of": loss.of, "at": now,
    }  # fmt: skip


def held(bolt: Bolt) -> list[Held]:
    """Everything that is held, oldest first."""
    rows = bolt.read(lambda run: run(_HELD, {}))
    return [
        Held(
            r["b"]["id"], r["b"]["node"], r["host"], tuple(json.loads(r["b"]["lost"])), r["b"]["of"], r["b"]["since"],
            r["b"].get("released_by"),
        )
        for r in rows
    ]  # fmt: skip
