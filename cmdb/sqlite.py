"""SQLite files that must survive anything: WAL, synchronous=FULL, numbered migrations, a newer schema refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cmdb.errors import DiskFull, Misconfigured, Unavailable


def connect(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open (or make, mode 0600) a database and bring it up to `len(migrations)`; statements of each end in `;`."""
    try:
        path.touch(mode=0o600)
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10.0)
    except (OSError, sqlite3.OperationalError) as error:
        raise Misconfigured(f"{path} cannot be opened ({error}): is the data folder writable?") from error
    db.row_factory = sqlite3.Row
    with errors(path):
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # an acknowledged commit must outlive a power cut
        db.execute("PRAGMA foreign_keys = ON")
        _migrate(db, path, migrations)
    return db


def _migrate(db: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    with transaction(db):
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise Misconfigured(
                f"{path} has schema {version}, made by a newer Epicentre; this one knows {len(migrations)}: upgrade it"
            )
        for script in migrations[version:]:
            for statement in filter(str.strip, script.split(";")):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(migrations)}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: the lock is taken first, so a read in it is never overtaken."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back on a full disk
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "full" in str(error) or "disk I/O" in str(error):
            raise DiskFull(
                "the disk with the data folder is full; nothing was taken", detail=f"{path}: {error}"
            ) from error
        raise Unavailable("the data folder does not answer now; try again", detail=f"{path}: {error}") from error
