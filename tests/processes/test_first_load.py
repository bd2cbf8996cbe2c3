"""The offline way into an empty graph leaves what the online way would have left."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.imported import edge, load, node
from support.servers import small
from typer.testing import CliRunner

from cmdb import config
from cmdb.engine import Engine
from cmdb.errors import Misconfigured, Refused
from cmdb.store import Store
from cmdb_processes.cli.main import build

pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.timeout(300)]
PROGRAM = str(Path(sys.executable).with_name("epicentre"))

ROWS = (
    edge("DEPENDS_ON", "b", "s"),
    node("Service", "shop", ref="s", parent="h", key="shop@443", kind="program", listens=["tcp://10.0.0.9:443"]),
    node("Service", "quiet", ref="q", parent="h", kind="program", listens=[]),
    node("BusinessService", 'Sales, "big"; =1+1 ü', ref="b", code="SALES"),
    node("Server", "web1", ref="h", serial="AAAA1111", vendor="Dell", power_w=3, rack_unit=3, macs=["a", "b"]),
    {
        **node("Rack", "r1", ref="r", code="R1"),
        "tags": ["env:prod", "b"],
        "extra": {"floor": 3, "note": "ü", "spare": True},
        "lifecycle": "planned",
        "expires_at": "2030-01-01T00:00:00+01:00",
    },
    node("Host", "same", serial="AAAA1111", vendor="Dell"),
    node("Hosst", "x"),
    edge("RUNS_ON", "s", "gone"),
    edge("DEPENDS_ON", "b", "s"),
)


def everything(store: Store) -> list[str]:
    """All there is beside ids and hashes: properties of nodes and what joins them, as texts."""
    nodes = store._bolt.read(lambda run: run("MATCH (n) WHERE NOT n:Migration RETURN labels(n) AS l, n AS n", {}))
    joined = store._bolt.read(lambda run: run("MATCH (a)-[e]->(b) RETURN type(e) AS t, properties(e) AS e", {}))
    hidden = {"id", "hash", "prev", "ops", "at", "time", "trace", "parent", "summary", "actor", "first_seen"}
    texts = [f"{sorted(r['l'])} {sorted((k, v) for k, v in dict(r['n']).items() if k not in hidden)}" for r in nodes]
    return sorted(texts + [f"{r['t']} {sorted((k, v) for k, v in r['e'].items() if k not in hidden)}" for r in joined])


def killed_at(note: str, file: Path) -> None:
    """A first load, ended by kill -9 when it says that."""
    command = [PROGRAM, "--plain", "import", str(file), "--first-load"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as loading:
        assert loading.stderr is not None
        assert any(note in line for line in loading.stderr)
        time.sleep(0.3)  # its Java has begun
        loading.kill()
    refused = subprocess.run([PROGRAM, "up"], capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 5
    assert "the first load of" in refused.stderr and "was interrupted" in refused.stderr


def test_a_first_load_is_the_same_graph(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digest, claims, scopes, sequence, journal chain, refs: as through transactions; then it is a graph like any.

    It was killed once before: nobody is served what that left, and the load is begun again.
    """
    file, home = tmp_path / "estate.jsonl", tmp_path / "home"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    settings = small(home)
    for name in ("home", "neo4j_port", "neo4j_heap_mib", "neo4j_page_cache_mib", "neo4j_java_options"):
        monkeypatch.setenv(f"EPICENTRE_{name.upper()}", str(getattr(settings, name)))
    killed_at("Neo4j reads the files", file)
    done = CliRunner().invoke(build(), ["--plain", "import", str(file), "--first-load", "--json"])
    assert json.loads(done.stdout)["counts"] == {"conflict": 2, "created": 6, "invalid": 2}, done.output
    assert done.exit_code == 2
    online = load(store, *ROWS[:6], source="estate")
    engine = Engine(config.load())
    bolt = engine.start()
    try:
        offline = Store(bolt.uri, bolt.user, bolt.password)
        assert offline.lines() == store.lines() and offline.sequence() == online.seq == 1
        assert everything(offline) == everything(store)
        (entry,) = offline.journal(first=10)
        assert entry["summary"] == "import:estate: 5 created, 3 edges opened: first load"
        assert {one.word for one in load(offline, *ROWS[:6], source="estate").outcomes} == {"unchanged"}
        assert load(offline, node("Host", "web1", serial="AAAA1111", vendor="Dell", model="R640")).seq == 2
        offline.close()
    finally:
        engine.stop()
    again = CliRunner().invoke(build(), ["--plain", "import", str(file), "--first-load"])
    assert isinstance(again.exception, Refused) and "not empty" in str(again.exception)
    monkeypatch.setenv("EPICENTRE_NEO4J_URI", "bolt://db:7687")
    assert isinstance(CliRunner().invoke(build(), ["import", str(file), "--first-load"]).exception, Misconfigured)
