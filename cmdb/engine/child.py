"""Start a child process that cannot outlive us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_LAUNCH = str(Path(__file__).with_name("launch.py"))


def start(
    command: Sequence[str],
    *,
    output: IO[Any] | int,
    env: Mapping[str, str] | None = None,
    stdin: IO[Any] | int = subprocess.DEVNULL,
    nice: int = 0,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own (Ctrl-C is ours to pass on); it gets SIGTERM when we end, however.

    `keep` are open files the child holds too. Call it from a thread that lives as long as the process: the kernel
    watches the thread that started the child.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", _LAUNCH, str(os.getpid()), str(nice), *command],
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        start_new_session=True,
        pass_fds=tuple(keep),
    )


def stop(child: subprocess.Popen[bytes], patience: float) -> bool:
    """SIGTERM and wait; SIGKILL after `patience` seconds. True when it went by itself."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)
            return False
    return True
