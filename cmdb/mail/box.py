"""Letters that wait, and what became of each: one SQLite file.

How far the journal has been read is kept with the letters it made, in one transaction: none is lost or made twice.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cmdb import sqlite
from cmdb.webhooks.message import LONGEST_PAUSE

MIGRATIONS = (
    """
    CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
    CREATE TABLE letter (row INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, record TEXT NOT NULL,
                         number TEXT NOT NULL, recipient TEXT NOT NULL, address TEXT, subject TEXT NOT NULL,
                         text TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
                         since REAL NOT NULL, next_at REAL NOT NULL, answer TEXT NOT NULL DEFAULT '');
    CREATE INDEX letter_due ON letter (state, next_at);
    """,
)
KEPT = 10_000
"""Letters kept in the log, the newest; those that wait are kept in any case."""
_COLUMNS = "row, seq, record, number, recipient, address, subject, text, at, state, tries, since, next_at, answer"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter. `state`: waiting, sent, refused (by the mail server), given up, or no address.

    `since` and `next_at` are seconds of Unix time; `at` is the step's time, ISO 8601 UTC.
    """

    row: int
    seq: int
    record: str
    number: str
    recipient: str
    address: str | None
    subject: str
    text: str
    at: str
    state: str
    tries: int
    since: float
    next_at: float
    answer: str


class Box:
    """All letters of one server. Safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = sqlite.connect(path, MIGRATIONS)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def place(self, head: int) -> int:
        """Up to which journal sequence letters were made; the first time it is `head`: nobody is told of the past."""
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.execute("INSERT INTO place VALUES (1, ?) ON CONFLICT DO NOTHING", (head,))
            return int(self._db.execute("SELECT seq FROM place").fetchone()[0])

    def put(self, letters: Sequence[Letter], seq: int) -> None:
        """Keep the letters that the journal up to `seq` made; their `row` is given here."""
        rows = [
            tuple(getattr(letter, name) for name in _COLUMNS.split(", ") if name not in {"row", "tries", "answer"})
            for letter in letters
        ]
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.executemany(
                "INSERT INTO letter (seq, record, number, recipient, address, subject, text, at, state, since, next_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._db.execute("UPDATE place SET seq = ?", (seq,))
            self._db.execute(
                "DELETE FROM letter WHERE state <> 'waiting' AND row <= (SELECT max(row) FROM letter) - ?", (KEPT,)
            )

    def due(self, now: float, most: int) -> list[Letter]:
        """Letters to be tried now, oldest first; those for which the clock was set back since, too."""
        where = "WHERE state = 'waiting' AND (next_at <= ? OR next_at > ?) ORDER BY row LIMIT ?"
        return self._read(where, now, now + LONGEST_PAUSE, most)

    def tried(self, row: int, state: str, answer: str, next_at: float) -> None:
        """What came of a try."""
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.execute(
                "UPDATE letter SET state = ?, answer = ?, next_at = ?, tries = tries + 1 WHERE row = ?",
                (state, answer[:500], next_at, row),
            )

    def log(self, first: int = 50, before: int | None = None) -> list[Letter]:
        """Letters, newest first; `before` is the row of the last one seen."""
        return self._read("WHERE row < ? ORDER BY row DESC LIMIT ?", 2**62 if before is None else before, first)

    def _read(self, where: str, *parameters: float) -> list[Letter]:
        with self._lock, sqlite.errors(self._path):
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM letter {where}", parameters).fetchall()  # noqa: S608  # ours
        return [Letter(*row) for row in rows]
