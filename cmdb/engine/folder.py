"""The server's data folder belongs to one server at a time."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from cmdb.errors import Misconfigured


def claim(home: Path, patience: float) -> int:
    """Take the folder and return the open lock file; closing it gives the folder back.

    The Neo4j that is started holds the same open file, so a killed owner's Neo4j keeps the folder until it is gone
    too: then it is waited for, up to `patience` seconds. A living owner is refused at once (Misconfigured).
    """
    lock = _open(home)
    deadline = time.monotonic() + patience
    while not _locked(lock):
        owner = os.pread(lock, 20, 0).decode(errors="replace").strip()
        if not owner.isdigit() or _alive(int(owner)):
            os.close(lock)
            raise Misconfigured(f"another server (process {owner or 'unknown'}) already uses the data folder {home}")
        if time.monotonic() > deadline:
            os.close(lock)
            raise Misconfigured(f"the Neo4j that process {owner} left behind still uses {home}: end it, then try again")
        time.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _open(home: Path) -> int:
    try:
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.mkdir(exist_ok=True, mode=0o700)
        return os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"the data folder {home} cannot be written ({error.strerror})"
        raise Misconfigured(f"{message}: choose another with EPICENTRE_HOME") from error


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
