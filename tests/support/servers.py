"""Settings for servers that tests start."""

from __future__ import annotations

import socket
from pathlib import Path

from cmdb.config import Settings, load

SMALL = {
    "neo4j_heap_mib": 256,
    "neo4j_page_cache_mib": 32,
    # The best compiler takes more processor time in a server's first minute than it ever gives back to a test.
    "neo4j_java_options": "-XX:TieredStopAtLevel=1",
}


def free_port() -> int:
    """A loopback port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def small(home: Path, **overrides: object) -> Settings:
    """Settings for a small server in `home`, sharing this user's cache of jars."""
    return load(home=home, port=free_port(), neo4j_port=free_port(), **{**SMALL, **overrides})
