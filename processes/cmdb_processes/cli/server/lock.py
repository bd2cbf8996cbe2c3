"""The lock of a data folder: one server at a time, let go of by the kernel however that server ended."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmdb.errors import Misconfigured

TRIES = 10
"""Tenths of a second: whoever only looks (`held`) has it for an instant, and that keeps nobody from starting."""


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Refuse a second server on the folder."""
    with (home / "lock").open("w") as file:
        for left in reversed(range(TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if not left:
                    raise Misconfigured(f"another server already runs on {home}; `epicentre down` stops it") from error
                time.sleep(0.1)
        yield


def held(home: Path) -> bool:
    """Whether a server has the folder, be it starting, running or stopping."""
    try:
        with (home / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
