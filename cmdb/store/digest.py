"""The canonical digest of what is true now: the oracle of every test that breaks things.

Ids, sequence numbers and times are left out: two graphs that say the same have the same digest.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cmdb.store.session import Bolt

_NODES = "MATCH (n:CI {status: 'live'}) RETURN properties(n) AS n"
_EDGES = """
MATCH (a:CI)-[e]->(b:CI) WHERE e.valid_to IS NULL
RETURN properties(e) AS e, type(e) AS type, a.id AS source, b.id AS target
"""
_OURS = (
    "id", "rev", "first_seen", "valid_from", "parent", "source", "search", "scope", "valid_to", "also", "because",
    "stale_since", "reworded",
)  # fmt: skip


def lines(bolt: Bolt) -> list[str]:
    """One canonical line for every live CI and every open edge, sorted; the readable form of the digest."""
    nodes = {row["n"]["id"]: row["n"] for row in bolt.read(lambda run: run(_NODES, {}), timeout=600)}
    edges = bolt.read(lambda run: run(_EDGES, {}), timeout=600)
    names = {ci: _name(node, nodes) for ci, node in nodes.items()}
    found = [_line("ci", names[ci], _facts(node)) for ci, node in nodes.items()]
    for row in edges:
        ends = [names.get(row["source"], "?"), row["type"], names.get(row["target"], "?")]
        found.append(_line("edge", *ends, _facts(row["e"])))
    return sorted(found)


def digest(bolt: Bolt) -> str:
    """SHA-256 over `lines`."""
    return hashlib.sha256("\n".join(lines(bolt)).encode()).hexdigest()


def _facts(properties: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in properties.items() if k not in _OURS}


def _name(node: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> str:
    """A CI's name without our ids: class and key, inside its parent's; a host is named by its own facts."""
    parent = nodes.get(node.get("parent") or "")
    own = f"{node['class']}:{node['key']}"
    if parent is not None:
        return f"{_name(parent, nodes)}/{own}"
    return f"{own}:{node.get('machine_id') or ''}:{node.get('hostname') or ''}"


def _line(*parts: Any) -> str:
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)
