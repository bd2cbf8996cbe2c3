"""`epicentre up` as a process of its own, with agents that are enrolled already; for tests and benchmarks."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import psutil
from nacl.signing import SigningKey
from support.front_door import signature_headers
from support.reports import host, report, service, services, wire
from support.servers import free_port

from cmdb.enrolment import Enrolment

Agent = tuple[str, bytes]
"""Node id and the seed of its key."""


def enrolled(home: Path, count: int) -> list[Agent]:
    """Agents as after enrolment, but written together: one by one they would cost two fsyncs each and prove nothing."""
    pepper = secrets.token_bytes(32)
    (home / "pepper").write_bytes(pepper)
    (home / "pepper").chmod(0o600)
    Enrolment(home / "enrolment.db", pepper).close()
    agents = [(f"nd_{n:026x}", os.urandom(32)) for n in range(count)]
    rows = [(n, bytes(SigningKey(s).verify_key), "", "", "2026-01-01T00:00:00+00:00") for n, s in agents]
    with sqlite3.connect(home / "enrolment.db") as db:
        db.executemany("INSERT INTO node (id, key, site, owner, enrolled) VALUES (?, ?, ?, ?, ?)", rows)
    db.close()
    return agents


class Up:
    """A running server: its process, its port and its Neo4j."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes], port: int, neo4j_port: int) -> None:
        self.home, self.process, self.port = home, process, port
        self.bolt = f"bolt://127.0.0.1:{neo4j_port}"

    @property
    def password(self) -> str:
        """Neo4j's."""
        return (self.home / "neo4j" / "password").read_text().strip()

    def neo4j(self) -> psutil.Process:
        """The Java child."""
        return next(c for c in psutil.Process(self.process.pid).children() if c.name() == "java")

    def peak_mib(self) -> float:
        """The most memory the server itself had at once, without Neo4j."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    def cpu(self) -> float:
        """Seconds of processor time so far, of the server itself."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def inbox(self, table: str) -> int:
        """How many rows `report` (taken and remembered) or `queue` (not applied yet) has."""
        db = sqlite3.connect(f"file:{self.home / 'inbox.db'}?mode=ro", uri=True)
        try:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # two names
        finally:
            db.close()


@contextmanager
def up(home: Path, environment: Mapping[str, object] | None = None) -> Iterator[Up]:
    """A server on `home`, ready; stopped at the end. `environment` holds settings without their prefix."""
    port, neo4j_port = free_port(), free_port()
    chosen = {"home": home, "port": port, "neo4j_port": neo4j_port, **(environment or {})}
    env = {**os.environ, **{f"EPICENTRE_{name.upper()}": str(value) for name, value in chosen.items()}}
    program = str(Path(sys.executable).with_name("epicentre"))
    with (home / "output.log").open("wb") as output:
        process = subprocess.Popen([program, "up", "--no-agent"], env=env, stdout=output, stderr=output)
    try:
        until(lambda: (home / "ready").exists() or process.poll() is not None, 120)
        if process.poll() is not None:
            raise RuntimeError((home / "output.log").read_text())
        yield Up(home, process, port, neo4j_port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def send(server: Up, agent: Agent, seq: int) -> int:
    """The agent's report number `seq`, another service in each; the answer's status."""
    node, seed = agent
    units = services(service("web", 80, state=f"v{seq}"))
    raw = orjson.dumps(wire(replace(report(seq, host(), units), node=node, report_id=f"{node}-{seq}")))
    authority = f"127.0.0.1:{server.port}"
    signed = signature_headers(SigningKey(seed), node, authority, raw, created=int(time.time()), nonce=str(seq))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", "/snapshots", raw, {"Content-Type": "application/json", **signed})
        return connection.getresponse().status
    finally:
        connection.close()


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Poll, bounded."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
