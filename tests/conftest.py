"""Fixtures every room shares: one real Neo4j per test worker, and a clean store on it, reached both ways."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdb.config import Settings, load
from cmdb.engine import Bolt, Engine
from cmdb.store import Store


def free_port() -> int:
    """A loopback port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def small(home: Path, **overrides: object) -> Settings:
    """Settings for a small server in `home`."""
    memory = {"neo4j_heap_mib": 256, "neo4j_page_cache_mib": 32}
    return load(home=home, port=free_port(), neo4j_port=free_port(), **memory, **overrides)


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bolt]:
    """The embedded server, started once per worker."""
    engine = Engine(small(tmp_path_factory.mktemp("engine")))
    yield engine.start()
    engine.stop()


@pytest.fixture(scope="session")
def connected(neo4j_server: Bolt) -> Iterator[Store]:
    """One store on it, connected once; tests use `store`, which is clean."""
    store = Store(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    yield store
    store.close()


@pytest.fixture
def store(connected: Store) -> Store:
    """A migrated store on an empty graph."""
    wipe(connected)
    return connected


def wipe(store: Store) -> None:
    """Empty the graph but keep its schema, then migrate as a start would."""
    store._bolt.write(lambda run: run("MATCH (n) WHERE NOT n:Migration DETACH DELETE n", {}))
    store._bolt.write(lambda run: run("MATCH (m:Migration {number: 1}) DELETE m", {}))
    store.migrate()
