"""`epicentre down` ends when the data folder is free, not when the server stops announcing itself."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.waiting import eventually

from cmdb.errors import Misconfigured
from cmdb_processes.cli.server.lock import held, only_one

pytestmark = pytest.mark.timeout(120)
PROGRAM = str(Path(sys.executable).with_name("epicentre"))
STOPS_SLOWLY = """
import json, os, pathlib, signal, sys, time
from cmdb_processes.cli.server.lock import only_one
home = pathlib.Path(sys.argv[1])
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(True))
with only_one(home):
    time.sleep(float(sys.argv[2]))  # still starting: it says only later who it is
    (home / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": "http://127.0.0.1:9"}))
    while not told:
        time.sleep(0.01)
    (home / "server.json").unlink()  # as a server does, whose Neo4j stops only then
    time.sleep(1.5)
"""


def down(home: Path) -> subprocess.CompletedProcess[str]:
    """The real command."""
    env = {**os.environ, "EPICENTRE_HOME": str(home)}
    return subprocess.run([PROGRAM, "down"], env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("starting", [0.0, 6.0])
def test_stopped_is_said_when_the_folder_is_free(tmp_path: Path, starting: float) -> None:
    """Of a server that runs, or is only starting, and takes its time to stop: the lock is free right behind `down`."""
    server = subprocess.Popen([sys.executable, "-c", STOPS_SLOWLY, str(tmp_path), str(starting)])
    try:
        ready = tmp_path / ("lock" if starting else "server.json")
        assert eventually(ready.exists, 30) and eventually(lambda: held(tmp_path), 30)
        done = down(tmp_path)
        with (tmp_path / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: it was said too early
        assert (done.returncode, done.stdout.strip()) == (0, "stopped"), done
        assert server.wait(10) == 0
    finally:
        server.kill()
    assert "no server runs on" in down(tmp_path).stdout


def test_a_process_that_only_got_the_number_of_a_dead_server_is_left_alone(tmp_path: Path) -> None:
    """A server that was killed leaves server.json behind, and its process id may be somebody else's by now."""
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "lock").touch()
        (tmp_path / "server.json").write_text(f'{{"pid": {stranger.pid}, "url": "http://127.0.0.1:9"}}')
        assert "no server runs on" in down(tmp_path).stdout
        time.sleep(0.2)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(10)


def test_one_who_only_looks_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """`held` has the lock for an instant; a start waits that long, and no longer where a server has it."""
    with (tmp_path / "lock").open("w") as looker:
        fcntl.flock(looker, fcntl.LOCK_SH)
        since = time.monotonic()
        with pytest.raises(Misconfigured, match="another server already runs"), only_one(tmp_path):
            pass
        assert 0.5 < time.monotonic() - since < 10
        assert not held(tmp_path)  # two may look at once
    with only_one(tmp_path):
        assert held(tmp_path)
    assert not held(tmp_path)
