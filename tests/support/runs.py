"""Runs of a collector as it tells them, for tests of what the server makes of them."""

from __future__ import annotations

from typing import Any


def place(address: str, node: str, ended: str = "seen", **more: Any) -> dict[str, Any]:
    """One place of a run."""
    return {
        "address": address, "name": f"h{address.rpartition('.')[2]}", "node": node, "ended": ended, "why": "",
        "seconds": 0.5, "received": 1000, "new": False, "gone": False, "changed": 0, "unseen": [], "host_keys": [],
        **more,
    }  # fmt: skip


def shown(key: str = "SHA256:b", pinned: str = "SHA256:a", at: str = "10.0.0.5:22") -> dict[str, Any]:
    """A host key that a look has met."""
    return {"at": at, "pinned": pinned, "shown": key}


def run(number: int, *places: dict[str, Any], target: str = "rack-7", **more: Any) -> dict[str, Any]:
    """A run of this number, in its minute of an hour."""
    return {
        "id": f"run-{number}", "target": target, "kind": "ssh", "started_at": f"2026-11-01T10:{number:02}:00Z",
        "ended_at": f"2026-11-01T10:{number:02}:30Z", "phases": [{"name": "looked and reported", "seconds": 1.5}],
        "places": list(places), "skipped": [], "neighbours": [],
        "found": 0, "changed": 0, "gone": 0, "errors": 0, **more,
    }  # fmt: skip


def target(name: str = "rack-7", **more: Any) -> dict[str, Any]:
    """A target as a collector tells it."""
    return {"name": name, "kind": "ssh", "every": 3600, "hosts": ["192.0.2.0/29"], **more}
