"""One server at a time on a data folder."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cmdb.engine import folder
from cmdb.errors import Misconfigured

HOLD = """
import os, subprocess, sys
from pathlib import Path
from cmdb.engine import folder
lock = folder.claim(Path(sys.argv[1]), 0.0)
quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
left = subprocess.Popen(["/bin/sleep", sys.argv[2]], pass_fds=[lock], **quiet)
print(left.pid, flush=True)
os.read(0, 1)
os._exit(0)
"""


def hold(home: Path, seconds: float) -> tuple[subprocess.Popen[bytes], int]:
    """A server on the folder, and the process it leaves behind for `seconds`."""
    command = [sys.executable, "-c", HOLD, str(home), str(seconds)]
    owner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


def end(owner: subprocess.Popen[bytes]) -> None:
    """Kill the owner and collect it; what it left goes on."""
    owner.kill()
    owner.communicate(timeout=20)


def test_a_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """The data folder and Neo4j's inside it are closed to others."""
    home = tmp_path / "home" / "neo4j"
    os.close(folder.claim(home, 0.0))
    assert {path.stat().st_mode & 0o777 for path in (home, home.parent)} == {0o700}
    assert (home / "lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_given_back_can_be_taken_again(tmp_path: Path) -> None:
    """Closing the lock is all it takes; the file that stays means nothing."""
    os.close(folder.claim(tmp_path, 0.0))
    os.close(folder.claim(tmp_path, 0.0))


def test_a_second_server_is_refused_at_once_with_the_first_ones_number(tmp_path: Path) -> None:
    """However long it would wait for a dead one."""
    owner, left = hold(tmp_path, 60)
    try:
        begun = time.monotonic()
        with pytest.raises(Misconfigured, match=rf"another server \(process {owner.pid}\) .*{tmp_path}"):
            folder.claim(tmp_path, 60.0)
        assert time.monotonic() - begun < 10
    finally:
        end(owner)
        os.kill(left, 9)


def test_what_a_killed_server_left_is_waited_for(tmp_path: Path) -> None:
    """Its Neo4j closes its files first; then the folder is free."""
    owner, _left = hold(tmp_path, 1)
    end(owner)
    os.close(folder.claim(tmp_path, 60.0))


def test_what_never_ends_is_named(tmp_path: Path) -> None:
    """Waiting is bounded, and the sentence says what to end."""
    owner, left = hold(tmp_path, 60)
    end(owner)
    try:
        with pytest.raises(Misconfigured, match=rf"process {owner.pid} left behind"):
            folder.claim(tmp_path, 0.2)
    finally:
        os.kill(left, 9)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The sentence names the folder and the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"data folder .*file/neo4j cannot be written .*EPICENTRE_HOME"):
        folder.claim(tmp_path / "file" / "neo4j", 0.0)
