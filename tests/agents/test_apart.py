"""A child that works for this process, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cmdb_agents.apart import POSSIBLE, NoChild, in_child

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="only Linux has a fork that is safe")


def test_what_the_child_returns_comes_back() -> None:
    """All of it, more than a pipe holds, and made in another process."""
    said = in_child(lambda: str(os.getpid()).encode() + b" " * 2**18, time.monotonic() + 10)
    assert len(said) > 2**18
    assert int(said) != os.getpid()


def test_a_child_that_takes_too_long_is_ended() -> None:
    """The time is kept whatever the child does, and no child is left."""

    def sleeping() -> bytes:
        time.sleep(60)
        return b"too late"

    before = psutil.Process().children()
    with pytest.raises(TimeoutError):
        in_child(sleeping, time.monotonic() + 0.2)
    assert psutil.Process().children() == before


def test_a_child_that_dies_has_said_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Killed or failed, in part or at once: that is an error with its number, and a mistake of ours is told."""

    def killed() -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b"never"

    with pytest.raises(NoChild, match=r"ended early \(-9\)"):
        in_child(killed, time.monotonic() + 10)
    with pytest.raises(NoChild, match=r"ended early \(1\)"):
        in_child(lambda: str(1 // 0).encode(), time.monotonic() + 10)
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may start nothing")
def test_no_child_can_be_started() -> None:
    """Where this machine has no process left that is said, and the files for one are closed again."""
    program = (
        "import os, resource, time; from cmdb_agents.apart import NoChild, in_child\n"
        "os.setuid(54_321); resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        "try: in_child(bytes, time.monotonic() + 10)\n"
        "except NoChild as error: print(error.strerror, len(os.listdir('/proc/self/fd')) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "no child could be started: Resource temporarily unavailable 0\n"


def test_the_child_has_the_files_it_was_given_and_no_other(tmp_path: Path) -> None:
    """A lock that a child kept would outlive the agent; what it needs is open still."""
    with (tmp_path / "lock").open("wb") as locked, (tmp_path / "given").open("wb") as given:
        said = in_child(
            lambda: "\n".join(str(number.resolve()) for number in Path("/proc/self/fd").iterdir()).encode(),
            time.monotonic() + 10,
            [given.fileno()],
        ).decode()
        assert (str(tmp_path / "given") in said, str(tmp_path / "lock") in said) == (True, False)
        locked.write(b"still open here")
        given.write(b"and here")
