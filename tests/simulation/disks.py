"""A disk that keeps what was committed and nothing else: SQLite in memory, with a process in front of it that can die.

SQLite is the real one; what is simulated is the moment. A process is killed before or after any statement, and a full
disk refuses whatever would write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from simulation.faults import Faults, Killed

from cmdb import sqlite

T = TypeVar("T")
READS = ("SELECT", "BEGIN", "PRAGMA", "ROLLBACK", "SAVEPOINT", "RELEASE")
"""What needs no room: so begin statements that a full disk carries out."""


class Breakable(sqlite3.Connection):
    """A connection whose process or disk fails as the dice fall."""

    faults: Faults | None = None
    owner = ""
    dead = False

    def execute(self, text: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As always, or not at all, or for nobody who still lives."""
        return self._do(text, lambda: super(Breakable, self).execute(text, parameters))

    def executemany(self, text: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Likewise, as one step."""
        return self._do(text, lambda: super(Breakable, self).executemany(text, parameters))

    def _do(self, text: str, work: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        faults = self.faults
        if self.dead:
            raise Killed
        if faults is None or not faults.odds:
            return work()
        if faults.now(f"{self.owner} killed", 0.04):
            self.die()
        if faults.now(f"{self.owner}'s disk full", 0.1) and not text.startswith(READS):
            raise sqlite3.OperationalError("database or disk is full")
        done = work()
        if faults.now(f"{self.owner} killed", 0.04):
            self.die()
        return done

    def die(self) -> None:
        """The process behind it is gone, and with it what was not committed."""
        if self.in_transaction:
            super().execute("ROLLBACK")
        self.dead = True
        raise Killed


_BLANK: dict[str, bytes] = {}
"""A new disk of each owner after its first opening: making the same tables ten thousand times proves nothing more."""


class Disk:
    """One database file, for the process that has it open."""

    def __init__(self, owner: str, faults: Faults) -> None:
        self.db = sqlite3.connect(":memory:", factory=Breakable, isolation_level=None, check_same_thread=False)
        if owner in _BLANK:
            self.db.deserialize(_BLANK[owner])
        self.db.owner = owner
        self._faults = faults

    @staticmethod
    def blank(owner: str, opened: Callable[[Disk], object]) -> None:
        """Make, once, what a new disk of this owner holds after it was `opened`."""
        if owner not in _BLANK:
            disk = Disk(owner, Faults.none())
            opened(disk)
            _BLANK[owner] = disk.db.serialize()

    def open(self) -> Breakable:
        """For a process that has just started; it may die while it opens it."""
        if self.db.in_transaction:
            sqlite3.Connection.execute(self.db, "ROLLBACK")
        self.db.dead, self.db.faults = False, self._faults
        return self.db

    def facts(self) -> dict[str, str]:
        """What an agent noted on it, read past the process."""
        return dict(sqlite3.Connection.execute(self.db, "SELECT name, value FROM fact").fetchall())

    def count(self, table: str) -> int:
        """How many rows a table has, read past the process."""
        return int(sqlite3.Connection.execute(self.db, f"SELECT count(*) FROM {table}").fetchone()[0])

    def prepared(self, path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
        """The same as the server opens it."""
        return sqlite.prepare(self.open(), path, migrations)


class Inline(sqlite.Writer):
    """The server's writer without its thread: each job at once, in a transaction of its own, unless it is to wait for
    others."""

    together = False

    def _start(self) -> None:
        """Instead of a thread."""
        self._waiting: list[sqlite.Job] = []

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """As the real one does it."""
        future: Future[T] = Future()
        self._waiting.append((work, future))
        if not self.together:
            self.flush()
        return future

    def flush(self) -> None:
        """Everything that waits, in one transaction."""
        jobs, self._waiting = self._waiting, []
        if jobs:
            self._carry_out(jobs)

    def close(self) -> None:
        """Nothing to end."""
