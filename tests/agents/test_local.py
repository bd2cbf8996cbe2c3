"""The real machine: real processes, real sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from agents.recorded_machines import NOW, edges

from cmdb.words import Section, section_hash
from cmdb_agents.collector import View
from cmdb_agents.run import look
from cmdb_agents.transports import local
from cmdb_agents.transports.footprint import memory_kib
from cmdb_agents.transports.linux import containers
from cmdb_agents.transports.local import Local
from cmdb_agents.transports.readings import Machine

SERVER = """
import os, socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
worker = len(sys.argv) > 2 and os.fork() == 0
if not worker:
    print(s.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(s.accept()[0])
"""
CLIENT = """
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(s.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def running(folder: Path, name: str, code: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A script of this name as a process; the port it printed."""
    script = folder / name
    script.write_text(code)
    child = subprocess.Popen(
        [sys.executable, str(script), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    with child:
        assert child.stdout is not None
        try:
            yield child, int(child.stdout.readline())
        finally:
            os.killpg(child.pid, 9)  # our own session, workers included


def now_here() -> tuple[View, dict[str, Section]]:
    """A look at this machine."""
    view, sections = look(Local(), {}, int(time.time()))
    return view, {s.name: s for s in sections}


def test_dependency_between_real_programs(tmp_path: Path) -> None:
    """A listening program connected to another depends on it; both are services named after their scripts."""
    with (
        running(tmp_path, "ledger.py", SERVER, "0", "workers") as (_, ledger),
        running(tmp_path, "cashier.py", CLIENT, str(ledger)) as (_, cashier),
    ):
        _, sections = now_here()
        services = {i.key: i for i in sections["services"].items}
        assert f"tcp://127.0.0.1:{ledger}" in services["ledger"].attributes["listens"]  # type: ignore[operator]  # strings
        assert f"tcp://127.0.0.1:{cashier}" in services["cashier"].attributes["listens"]  # type: ignore[operator]
        assert ("cashier", "DEPENDS_ON", f"tcp://127.0.0.1:{ledger}") in edges(sections["sockets"])
        assert not [e for e in edges(sections["sockets"]) if e[0] == "ledger"]
        holders = [s.pids for s in Local().read().sockets if s.local_port == ledger and s.state == "LISTEN"]
        assert len(holders[0]) == 2  # master and worker both hold it, and are one service


def test_low_port_is_in_the_key(tmp_path: Path) -> None:
    """A port the kernel does not hand out makes the key, so that it is the same after a restart."""
    with socket.create_server(("127.0.0.1", 0)):
        low = next(p for p in range(10_000 + os.getpid() % 10_000, 32_000) if _free(p))
    for _ in range(2):
        with running(tmp_path, "steady.py", SERVER, str(low)):
            _, sections = now_here()
            assert f"steady@{low}" in {i.key for i in sections["services"].items}


def _free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_short_lived_connections_are_seen() -> None:
    """Twenty contacts that came and went between two looks are all seen by what TCP leaves behind."""
    targets = set()
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as server:
            targets.add(server.getsockname()[1])
            _come_and_go(server)
    # Their servers are gone as well: then there is nothing left to depend on, and nothing is claimed.
    assert not {f"tcp://127.0.0.1:{port}" for port in targets} & {e[2] for e in edges(now_here()[1]["sockets"])}
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(20)]
    try:
        for server in servers:
            _come_and_go(server)
        seen = edges(now_here()[1]["sockets"])
        for server in servers:
            assert ("self", "COMMUNICATES_WITH", f"tcp://127.0.0.1:{server.getsockname()[1]}") in seen
    finally:
        for server in servers:
            server.close()


def _come_and_go(server: socket.socket) -> None:
    """A connection that the client closes first, and the server after it."""
    client = socket.create_connection(server.getsockname())
    accepted, _ = server.accept()
    client.close()
    accepted.recv(1)
    accepted.close()


def test_idle_machine_has_one_hash() -> None:
    """Two looks some seconds apart at a machine on which nothing has changed give the same hashes, section by section.

    Other tests run on this machine, so what came or went between the two readings is taken out of both.
    """
    transport = Local()
    before = transport.read()
    time.sleep(3)
    after = transport.read()
    assert before.sockets
    view, first = look(_Settled(_common(before, before, after)), {}, NOW)
    _, second = look(_Settled(_common(after, before, after)), view.known, NOW + 3)
    assert {s.name: section_hash(s.to_wire()) for s in first} == {s.name: section_hash(s.to_wire()) for s in second}


def _common(machine: Machine, before: Machine, after: Machine) -> Machine:
    sockets = set(before.sockets) & set(after.sockets)
    there = {(p.pid, p.started) for p in before.processes} & {(p.pid, p.started) for p in after.processes}
    return replace(
        machine,
        sockets=tuple(s for s in machine.sockets if s in sockets),
        mounts=tuple(m for m in machine.mounts if m in before.mounts and m in after.mounts),
        interfaces=tuple(i for i in machine.interfaces if i in before.interfaces and i in after.interfaces),
        processes=tuple(p for p in machine.processes if (p.pid, p.started) in there),
    )


class _Settled:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self) -> Machine:
        """The reading it was made with."""
        return self._machine


def test_runtime_socket_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Docker-compatible runtime behind a real unix socket is asked once, and its containers are understood."""
    row = {
        "Id": "c" * 64, "Names": ["/shop-db"], "Image": "postgres:16", "State": "running",
        "Ports": [{"IP": "0.0.0.0", "PrivatePort": 5432, "PublicPort": 15432, "Type": "tcp"},
                  {"PrivatePort": 9999, "Type": "tcp"}],
        "NetworkSettings": {"Networks": {"shop": {"IPAddress": "172.18.0.3", "GlobalIPv6Address": ""}}},
    }  # fmt: skip
    path = tmp_path / "docker.sock"
    with _runtime(path, 200, json.dumps([row]).encode()):
        monkeypatch.setattr(containers, "SOCKETS", (str(path),))
        machine = Local().read()
    (found,) = [c for c in machine.containers if c.id == "c" * 64]
    assert (found.name, found.addresses, found.published) == ("shop-db", ("172.18.0.3",), ("tcp://0.0.0.0:15432",))


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (200, b"{"), (200, b'{"a": 1}'), (200, b"[" * 100_000)])
def test_strange_runtime_is_a_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    """A runtime that answers nonsense is named, and its section is not complete."""
    path = tmp_path / "docker.sock"
    with _runtime(path, status, body):
        monkeypatch.setattr(containers, "SOCKETS", (str(path),))
        machine = Local().read()
    assert any(t.area == "services" and str(path) in t.what for t in machine.troubles)


@contextmanager
def _runtime(path: Path, status: int, body: bytes) -> Iterator[None]:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
        server.close()


def test_silent_runtime_costs_its_time_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime that accepts and says nothing is left after the time-out and named."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        monkeypatch.setattr(containers, "SOCKETS", (str(path),))
        monkeypatch.setattr(containers, "SECONDS", 0.3)
        started = time.monotonic()
        machine = Local().read()
    assert time.monotonic() - started < 5
    assert any((t.area, t.why) == ("services", "timed out") for t in machine.troubles)


SYSTEMCTL = """#!/bin/sh
echo Id=demo.service; echo LoadState=loaded; echo ActiveState=active; echo SubState=running; echo MainPID=0
"""


def _with_systemd(root: Path, monkeypatch: pytest.MonkeyPatch, script: str | None) -> Local:
    """This machine as if systemd ran, with another systemctl: the real /proc and /sys below another root."""
    (root / "run/systemd/system").mkdir(parents=True)
    for name in ("proc", "sys", "etc"):
        (root / name).symlink_to(f"/{name}")
    if script is not None:
        (root / "systemctl").write_text(script)
        (root / "systemctl").chmod(0o755)
    monkeypatch.setattr(local, "COMMAND", [str(root / "systemctl")])
    return Local(str(root))


def test_systemctl_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systemd runs, one call of systemctl gives the units."""
    machine = _with_systemd(tmp_path, monkeypatch, SYSTEMCTL).read()
    assert machine.units is not None
    assert [u.name for u in machine.units] == ["demo.service"]


@pytest.mark.parametrize(
    ("script", "why"),
    [(None, "missing command"), ("#!/bin/sh\nexit 4\n", "ended with 4"), ("#!/bin/sh\nexec sleep 30\n", "timed out")],
)
def test_systemctl_that_fails_is_a_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, why: str
) -> None:
    """A systemctl that is missing, fails or hangs is named; the services section is incomplete, not empty."""
    monkeypatch.setattr(local, "COMMAND_SECONDS", 0.5)
    machine = _with_systemd(tmp_path, monkeypatch, script).read()
    assert machine.units is None
    assert any(t.area == "services" and why in t.why for t in machine.troubles)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_root_what_is_hidden_is_said(tmp_path: Path) -> None:
    """As another user, root's listeners have no visible owner: the sections say so and are incomplete."""
    code = (
        "import os,sys,json,time; from cmdb_agents.run import look; from cmdb_agents.transports.local import Local\n"
        "import psutil; machine = Local(); look(machine, {}, 0)\n"  # all imported, as in a running agent
        "os.setgid(65534); os.setuid(65534); machine = Local()\n"
        "v, s = look(machine, {}, int(time.time()))\n"
        "print(json.dumps({x.name: [x.complete, [p.why for p in x.problems]] for x in s}))\n"
        "print(json.dumps([t.root_helps for t in v.machine.troubles]))"
    )
    with running(tmp_path, "roots.py", SERVER, "0"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    said, helps = (json.loads(text) for text in done.stdout.splitlines())
    assert not said["services"][0]
    assert "permission denied" in said["services"][1]
    assert not said["sockets"][0]
    assert set(said["sockets"][1]) == {"permission denied"}
    assert said["network"][0]
    assert any(helps)


def test_cost_of_a_look() -> None:
    """A whole look stays far below a tenth of a second of CPU, and the memory figures are plausible."""
    machine = Local()
    look(machine, {}, 0)
    started = time.process_time()
    for _ in range(5):
        look(machine, {}, 0)
    assert (time.process_time() - started) / 5 < 0.25  # generous: this may run beside many other tests
    resident, peak = memory_kib()
    assert 5_000 < resident <= peak
