"""`epicentre up` on this very machine: the first answer, what scripts see, and that nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.servers import SMALL, free_port
from support.waiting import eventually

pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.timeout(300)]

PROGRAM = str(Path(sys.executable).with_name("epicentre"))


class Folder:
    """A data folder, ports of its own, and the commands on them."""

    def __init__(self, home: Path) -> None:
        numbers = {"PORT": free_port(), "NEO4J_PORT": free_port(), "HOME": home}
        settings = {**numbers, **{name.upper(): value for name, value in SMALL.items()}}
        self.env = {**os.environ, **{f"EPICENTRE_{name}": str(value) for name, value in settings.items()}}
        self.home, self.output = home, home.with_suffix(".output")
        self.started: list[subprocess.Popen[bytes]] = []

    def up(self) -> subprocess.Popen[bytes]:
        """Start it as `make run` does, in the foreground of its own session."""
        with self.output.open("wb") as output:
            command = [PROGRAM, "up"]
            made = subprocess.Popen(command, env=self.env, stdout=output, stderr=output, start_new_session=True)
        self.started.append(made)
        return made

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [PROGRAM, *arguments]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=120, check=False)

    def said(self) -> str:
        """What `up` has printed so far."""
        return self.output.read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty data folder; whatever still runs on it at the end is stopped."""
    made = Folder(tmp_path / "home")
    yield made
    made.run("down")
    for process in made.started:
        process.terminate()
        process.wait(60)


def children(of: int) -> list[psutil.Process]:
    """Everything it started."""
    return psutil.Process(of).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more."""
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_the_first_answer_is_about_this_machine(folder: Folder) -> None:
    """Found, counted, and what breaks if Neo4j stops, by an observed socket; Ctrl-C leaves no process, a second
    start keeps the data."""
    server = folder.up()
    assert eventually((folder.home / "ready").exists, 120), folder.said()
    said = folder.said()
    assert "found on this host:" in said
    assert "what breaks if neo4j stops?" in said
    assert "DOWN epicentre (Service): needs neo4j, which is down; socket tcp 127.0.0.1:" in " ".join(said.split())
    assert said.count("epicentre ") > 3, "commands to try next"
    assert "log in as admin with password" in said

    neo4j = said.partition("  epicentre impact ")[2].split()[0]  # its key, where several of them run
    impact = json.loads(folder.run("impact", neo4j, "--json").stdout)
    (epicentre,) = (item["ci"]["id"] for item in impact["items"] if item["ci"]["name"] == "epicentre")
    hop = folder.run("path", epicentre, neo4j)
    assert "socket tcp 127.0.0.1" in hop.stdout
    assert "seen" in hop.stdout
    refused = folder.run("up")
    assert refused.returncode != 0
    assert "another server already runs on" in refused.stderr

    started = children(server.pid)
    assert {p.name() for p in started} >= {"java"}
    os.kill(server.pid, signal.SIGINT)
    assert server.wait(60) == 0
    assert gone(started)

    detached = folder.run("up", "--detach")
    assert detached.returncode == 0, detached.stderr
    assert "log in as admin" not in detached.stdout
    status = json.loads(folder.run("status", "--json").stdout)
    assert status["running"] is True
    assert status["sequence"] >= 1
    assert folder.run("down").returncode == 0
    assert folder.run("status").returncode == 4


def test_stopped_while_it_starts_it_leaves_at_once(folder: Folder) -> None:
    """Ctrl-C before Neo4j answers: seconds later nothing runs, and the folder can be used again."""
    server = folder.up()
    assert eventually(lambda: any(p.name() == "java" for p in children(server.pid)), 60), folder.said()
    time.sleep(0.5)
    started = children(server.pid)
    os.kill(server.pid, signal.SIGINT)
    assert server.wait(40) == 130
    assert "stopped before it was ready" in folder.said()
    assert gone(started)
