"""Secrets that are made once and kept in a file of their own: there whole or not at all, whatever ends in between."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from cmdb.errors import Misconfigured

_MAKING = threading.Lock()


def secret_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a file only its owner can read, made the first time.

    It is written beside its place, and on disk before it gets its name: one that was cut short would be taken for the
    secret ever after. Of two processes one has the data folder.
    """
    with _MAKING:
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            return _made(path, make())
    if not found:
        raise Misconfigured(f"{path} is empty and held a secret: bring it back from the backup")
    return found


def _made(path: Path, secret: bytes) -> bytes:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)  # of one who was ended while writing
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)
    return secret


def sync_folder(folder: Path) -> None:
    """Let the names in a folder be on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
