"""An empty Neo4j for a benchmark: its own by itself; in a small run of all, one that is emptied between its users.

python -m common.running_neo4j FILE     in this folder's parent: start one, say in FILE where, run until input ends
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from support.servers import free_port

from cmdb.config import load
from cmdb.engine import Bolt, Engine
from cmdb.store import Store
from common import sized

SHARED = "BENCH_NEO4J"
"""The variable with the file that describes the shared one."""
PATIENCE = 120.0
JAVA = sized("", "-XX:TieredStopAtLevel=1")
"""Java's quick compiler alone in a small run, which ends before the other has given back what it takes."""
_BATCH = 10_000


@dataclass(frozen=True)
class Neo4j:
    """A running server; `settings` are what makes ours use it."""

    uri: str
    user: str
    password_file: str
    pid: int

    @property
    def bolt(self) -> Bolt:
        """Where it answers, with its password."""
        return Bolt(self.uri, self.user, Path(self.password_file).read_text().strip())

    @property
    def settings(self) -> dict[str, object]:
        """For `load`, or with their prefix for a server's environment."""
        return {"neo4j_uri": self.uri, "neo4j_password_file": Path(self.password_file)}

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A store on it, migrated."""
        bolt = self.bolt
        store = Store(bolt.uri, bolt.user, bolt.password)
        try:
            store.migrate()
            yield store
        finally:
            store.close()


@contextmanager
def neo4j(heap_mib: int = 512) -> Iterator[Neo4j]:
    """An empty one, nobody else's while it is used. A shared one has the heap it was started with."""
    if not (name := os.environ.get(SHARED)):
        with tempfile.TemporaryDirectory() as folder, _started(Path(folder), heap_mib) as own:
            yield own
        return
    described, until = Path(name), time.monotonic() + PATIENCE
    while not described.exists():
        if time.monotonic() > until:
            raise RuntimeError(f"the Neo4j that {SHARED} promises in {name} did not start in {PATIENCE:.0f} s")
        time.sleep(0.05)
    with described.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        shared = Neo4j(**json.load(file))
        _empty(shared)
        yield shared


@contextmanager
def _started(home: Path, heap_mib: int) -> Iterator[Neo4j]:
    engine = Engine(load(home=home, neo4j_port=free_port(), neo4j_heap_mib=heap_mib, neo4j_java_options=JAVA))
    try:
        bolt = engine.start()
        assert engine.pid is not None
        password = home / "handed_over"
        password.touch(0o600)
        password.write_text(bolt.password)
        yield Neo4j(bolt.uri, bolt.user, str(password), engine.pid)
    finally:
        engine.stop()


def _empty(shared: Neo4j) -> None:
    """Nothing of the last user's is left but constraints and indexes; a store makes the first nodes anew."""
    delete = f"MATCH (n) WHERE NOT n:Migration WITH n LIMIT {_BATCH} DETACH DELETE n RETURN count(*) AS gone"
    bolt = shared.bolt
    store = Store(bolt.uri, bolt.user, bolt.password)
    try:
        while store._bolt.write(lambda run: list(run(delete, {})))[0]["gone"]:
            pass
        store._bolt.write(lambda run: run("MATCH (m:Migration {number: 1}) DELETE m", {}))
    finally:
        store.close()


def main() -> None:
    """Start one in the main thread, since it dies with the thread that started it."""
    described = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, _started(Path(folder), 512) as made:
        part = described.with_suffix(".part")
        part.write_text(json.dumps(made.__dict__))
        part.replace(described)
        sys.stdin.read()


if __name__ == "__main__":
    main()
