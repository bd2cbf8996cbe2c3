"""Kill the server, Neo4j and the agent at random: nothing acknowledged is lost, nothing is applied twice."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from conftest import free_port, wipe
from support.reports import NOW
from support.servers import SMALL

from cmdb import ingest
from cmdb.store import Store

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("EPICENTRE_TEST_CRASH_ROUNDS", "20"))
READY = 30.0
"""Seconds until all is there again. Of processor time: that a machine does much else besides is no defect."""
PATIENCE = 120.0


class Server:
    """`epicentre up --no-agent` on a folder of its own, as a person would start it."""

    def __init__(self, home: Path) -> None:
        ports = {"EPICENTRE_PORT": str(free_port()), "EPICENTRE_NEO4J_PORT": str(free_port())}
        small = {f"EPICENTRE_{name.upper()}": str(value) for name, value in SMALL.items()}
        self.env = {**os.environ, "EPICENTRE_HOME": str(home), **ports, **small}
        self.home, self.url = home, f"http://127.0.0.1:{ports['EPICENTRE_PORT']}"
        self.bolt = f"bolt://127.0.0.1:{ports['EPICENTRE_NEO4J_PORT']}"
        self.start()
        self.store = Store(self.bolt, "neo4j", (home / "neo4j" / "password").read_text())

    def start(self) -> None:
        """Start and wait until it is ready."""
        with (self.home / "output.log").open("ab") as output:
            command = [sys.executable, str(Path(sys.executable).with_name("epicentre")), "up", "--no-agent"]
            self.process = subprocess.Popen(command, env=self.env, stdout=output, stderr=output)
        wait_for(lambda: (self.home / "ready").exists() and self.announced() == self.process.pid, PATIENCE)
        assert self.spent() < READY, "it took too long to be ready"

    def announced(self) -> int:
        """The process that says it serves here."""
        try:
            return int(json.loads((self.home / "server.json").read_text())["pid"])
        except (OSError, ValueError):
            return 0

    def neo4j(self) -> psutil.Process:
        """The Java child."""
        wait_for(lambda: self._java() is not None, PATIENCE)
        found = self._java()
        assert found is not None
        return found

    def _java(self) -> psutil.Process | None:
        children = psutil.Process(self.process.pid).children()
        return next((c for c in children if c.name() == "java" and c.status() != psutil.STATUS_ZOMBIE), None)

    def kill_neo4j(self) -> None:
        """kill -9; it is started again by itself, after a while that grows."""
        was = self.neo4j()
        was.kill()
        wait_for(lambda: (now := self._java()) is not None and now.pid != was.pid, PATIENCE)
        wait_for(self.store.ping, PATIENCE)
        times = self.neo4j().cpu_times()
        assert times.user + times.system < READY, "Neo4j took too long to be there again"

    def spent(self) -> float:
        """Seconds of processor time so far, with Neo4j."""
        process, total = psutil.Process(self.process.pid), 0.0
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += sum(one.cpu_times()[:2])
        return total

    def kill(self) -> None:
        """kill -9, and its Neo4j must go too."""
        neo4j = self.neo4j()
        self.process.kill()
        self.process.wait(10)
        neo4j.wait(60)
        (self.home / "ready").unlink(missing_ok=True)

    def stop(self) -> None:
        """Ctrl-C, as a person does."""
        self.process.terminate()
        assert self.process.wait(60) == 0

    def command(self, *arguments: str) -> str:
        """Run `epicentre` against it."""
        program = str(Path(sys.executable).with_name("epicentre"))
        return subprocess.run([program, *arguments], env=self.env, capture_output=True, text=True, check=True).stdout


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Poll, bounded."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server, stopped at the end whatever happened."""
    made = Server(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.terminate()
        made.process.wait(60)
    made.store.close()


def enrolled(server: Server, home: Path) -> None:
    """Enrol an agent the usual way."""
    token = server.command("agents", "token").strip()
    agent = str(Path(sys.executable).with_name("epicentre-agent"))
    command = [agent, "--home", str(home), "enrol", "--url", server.url, "--token-file", "-"]
    subprocess.run(command, input=token, text=True, check=True, capture_output=True)


def streaming(home: Path, log: Path) -> subprocess.Popen[bytes]:
    """The agent that never stops reporting."""
    script = ROOT / "tests" / "support" / "streaming_agent.py"
    recording = ROOT / "agents" / "recordings" / "shared-ports.json"
    return subprocess.Popen([sys.executable, str(script), str(home), str(recording), str(log)])


def read(log: Path) -> tuple[dict[str, Any], set[str]]:
    """Every body by report id, and the acknowledged ids; a last line cut by a kill is left out."""
    bodies, acknowledged = {}, set()
    for line in log.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "sent" in entry:
            bodies[entry["sent"]["report_id"]] = entry["sent"]
        else:
            acknowledged.add(entry["acknowledged"])
    return bodies, acknowledged


@pytest.mark.slow
@pytest.mark.neo4j
@pytest.mark.timeout(900)
def test_no_kill_loses_or_doubles_a_report(server: Server, tmp_path: Path) -> None:
    """After kills at random moments the graph is exactly what the acknowledged reports say, each applied once.

    Each of the three is killed at least once.
    """
    seed = int(os.environ.get("EPICENTRE_TEST_SEED", random.randrange(2**32)))
    print(f"seed {seed} (repeat with EPICENTRE_TEST_SEED)")
    rng = random.Random(seed)
    home, log, begun = tmp_path / "agent", tmp_path / "sent.jsonl", time.monotonic()
    enrolled(server, home)
    agent = streaming(home, log)
    try:
        others = rng.choices(["server", "neo4j", "agent"], [1, 1, 3], k=max(0, ROUNDS - 3))
        victims = ["server", "neo4j", "agent", *others]
        rng.shuffle(victims)
        for victim in victims:
            time.sleep(rng.uniform(0.2, 1.5))
            since, spent = time.monotonic(), server.spent()
            if victim == "server":
                server.kill()
                server.start()
            elif victim == "neo4j":
                server.kill_neo4j()
            else:
                agent.kill()
                agent.wait(10)
                agent = streaming(home, log)
            more = server.spent() - (spent if victim == "agent" else 0.0)
            took = f"after {time.monotonic() - since:.1f} s; they have spent {more:.1f} s of processor time"
            print(f"{time.monotonic() - begun:.0f} s: {victim} killed, all is there again {took}", flush=True)
        (tmp_path / "STOP").touch()
        assert agent.wait(PATIENCE) == 0
    finally:
        agent.kill()
        agent.wait(10)
    wait_for(lambda: drained(server), 300)
    bodies, acknowledged = read(log)
    print(f"{time.monotonic() - begun:.0f} s: drained; {len(acknowledged)} reports were acknowledged", flush=True)
    check(server, bodies, acknowledged)
    server.stop()
    print(f"{time.monotonic() - begun:.0f} s: nothing lost, nothing doubled", flush=True)


def drained(server: Server) -> bool:
    """Whether nothing is queued any more, and nothing is put aside."""
    with closing(sqlite3.connect(f"file:{server.home / 'inbox.db'}?mode=ro", uri=True)) as inbox:
        kept = dict(inbox.execute("SELECT state, count(*) FROM queue GROUP BY state"))
    assert set(kept) <= {"queued"}, kept
    return not kept


def check(server: Server, bodies: dict[str, Any], acknowledged: set[str]) -> None:
    """The graph against an empty one that is told the same reports, in order, once."""
    store = server.store
    whole = {r for r in acknowledged if any(len(s) > 1 for s in bodies[r]["sections"].values())}
    assert len(whole) > ROUNDS, "too few reports came through to prove anything"
    rows = store._bolt.read(lambda run: run("MATCH (c:Change) WHERE c.report IS NOT NULL RETURN c.report AS id", {}))
    applied = [row["id"] for row in rows]
    assert len(applied) == len(set(applied)), "a report was applied twice"
    assert whole <= set(applied), "an acknowledged report was lost"
    found = store.lines()
    wipe(store)
    for one in sorted((bodies[r] for r in applied), key=lambda body: body["seq"]):
        store.apply(ingest.parse(orjson.dumps(one)), NOW)
    assert store.lines() == found
