"""Fixtures every room shares: one real Neo4j per test worker, and a clean store on it.

The tests of the store itself (`test_store_*`) run twice: on the embedded server, and on a second one known only by
its address and a password file, as EPICENTRE_NEO4J_URI and EPICENTRE_NEO4J_PASSWORD_FILE name a person's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from support.servers import free_port, small

from cmdb.config import Settings, load
from cmdb.engine import Bolt, Engine
from cmdb.store import Store

settings.register_profile("house", deadline=None)  # a busy machine is no defect: nothing here is timed
settings.load_profile("house")

__all__ = ["free_port", "wipe"]  # tests that start a server of their own use them too


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the store's own tests both ways to a Neo4j."""
    if "store" in metafunc.fixturenames and metafunc.definition.path.name.startswith("test_store_"):
        slow = metafunc.definition.get_closest_marker("slow")  # a property of our code, with many examples: once
        metafunc.parametrize("store", ["embedded"] if slow else ["embedded", "by_uri"], indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the files with slow tests first, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bolt]:
    """The embedded server, started once per worker."""
    engine = Engine(small(tmp_path_factory.mktemp("engine")))
    yield engine.start()
    engine.stop()


@pytest.fixture(scope="session")
def settings_by_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that name a Neo4j somebody else runs, started once per worker that needs it."""
    home = tmp_path_factory.mktemp("elsewhere")
    engine = Engine(small(home))
    bolt = engine.start()
    (home / "handed_over").write_text(bolt.password + "\n")
    yield load(home=home / "ours", neo4j_uri=bolt.uri, neo4j_password_file=home / "handed_over")
    engine.stop()


@pytest.fixture(scope="session")
def connected(neo4j_server: Bolt) -> Iterator[Store]:
    """One store on the embedded server, connected once; tests use `store`, which is clean."""
    store = Store(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    yield store
    store.close()


@pytest.fixture(scope="session")
def connected_by_uri(settings_by_uri: Settings) -> Iterator[Store]:
    """One store on the other server, connected once; tests use `store_by_uri`, which is clean."""
    from cmdb_processes.cli.server.folder import external_bolt

    bolt = external_bolt(settings_by_uri)
    store = Store(bolt.uri, bolt.user, bolt.password, settings_by_uri.neo4j_database)
    yield store
    store.close()


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Store:
    """A migrated store on an empty graph; embedded unless the test asks otherwise."""
    way = getattr(request, "param", "embedded")
    connected: Store = request.getfixturevalue({"embedded": "connected", "by_uri": "connected_by_uri"}[way])
    wipe(connected)
    return connected


@pytest.fixture
def store_by_uri(connected_by_uri: Store) -> Store:
    """A migrated store on an empty graph of a Neo4j that is not ours."""
    wipe(connected_by_uri)
    return connected_by_uri


def wipe(store: Store) -> None:
    """Empty the graph but keep its schema, then migrate as a start would."""
    store._bolt.write(lambda run: run("MATCH (n) WHERE NOT n:Migration DETACH DELETE n", {}))
    store._bolt.write(lambda run: run("MATCH (m:Migration {number: 1}) DELETE m", {}))
    store.migrate()
