"""Who wants to be told what, how far each has been told, and every try: one SQLite file.

A webhook's secret is not kept anywhere: it is worked out from the data folder's pepper and the webhook's id, so a
stolen file of this kind signs nothing.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cmdb import sqlite
from cmdb.errors import TooLarge, UnknownName
from cmdb.pepper import Pepper
from cmdb.webhooks.guard import check_url
from cmdb.webhooks.message import check_events, pause

MIGRATIONS = (
    """
    CREATE TABLE hook (id TEXT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL, description TEXT NOT NULL,
                       created_by TEXT NOT NULL, created_at TEXT NOT NULL, cursor INTEGER NOT NULL,
                       paused TEXT, failures INTEGER NOT NULL DEFAULT 0, failing_since REAL,
                       next_at REAL NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TABLE attempt (row INTEGER PRIMARY KEY AUTOINCREMENT,
                          hook TEXT NOT NULL REFERENCES hook (id) ON DELETE CASCADE, message TEXT NOT NULL,
                          seq INTEGER, at TEXT NOT NULL, status INTEGER, milliseconds INTEGER NOT NULL,
                          answer TEXT NOT NULL);
    CREATE INDEX attempt_hook ON attempt (hook, row);
    """,
)
MOST_HOOKS = 100
KEPT = 500
"""Tries kept of each webhook."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook. `cursor`: the journal sequence it has been told of; `paused`: why it is not sent now, or None.

    `failing_since` and `next_at` are seconds of Unix time; times of people are ISO 8601 UTC.
    """

    id: str
    url: str
    events: tuple[str, ...]
    description: str
    created_by: str
    created_at: str
    cursor: int
    paused: str | None
    failures: int
    failing_since: float | None
    next_at: float

    @property
    def state(self) -> str:
        """paused, failing or active."""
        return "paused" if self.paused else "failing" if self.failures else "active"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver: `status` is the HTTP status, None when there was no answer; `seq` None: a test."""

    row: int
    message: str
    seq: int | None
    at: str
    status: int | None
    milliseconds: int
    answer: str


class Hooks:
    """All webhooks of one server. Safe to use from any thread."""

    def __init__(self, path: Path, pepper: bytes) -> None:
        self._path, self._pepper = path, Pepper(pepper)
        self._db = sqlite.connect(path, MIGRATIONS)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def secret(self, hook: str) -> str:
        """The key its messages are signed with, as the Standard Webhooks specification writes it."""
        return "whsec_" + base64.b64encode(self._pepper.sign(b"webhook\n" + hook.encode())).decode()

    def create(self, url: str, events: Sequence[str], *, by: str, now: str, cursor: int, description: str = "") -> Hook:
        """A webhook for what comes after the sequence `cursor`."""
        hook, chosen = "wh_" + secrets.token_hex(10), check_events(events)
        row = (hook, check_url(url), json.dumps(chosen), description[:200], by, now, cursor)
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            if self._db.execute("SELECT count(*) FROM hook").fetchone()[0] >= MOST_HOOKS:
                raise TooLarge(f"there are {MOST_HOOKS} webhooks already: remove one first")
            self._db.execute(
                "INSERT INTO hook (id, url, events, description, created_by, created_at, cursor)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return self.one(hook)

    def remove(self, hook: str) -> None:
        """Forget a webhook and its log."""
        self._change("DELETE FROM hook WHERE id = ?", hook)

    def pause(self, hook: str, reason: str) -> None:
        """Send it nothing until it is resumed; the journal keeps what it misses."""
        self._change("UPDATE hook SET paused = ?2 WHERE id = ?1", hook, reason)

    def resume(self, hook: str) -> None:
        """Go on where it was left, at once."""
        self._change(
            "UPDATE hook SET paused = NULL, failures = 0, failing_since = NULL, next_at = 0 WHERE id = ?", hook
        )

    def passed(self, hook: str, cursor: int) -> None:
        """It has been told of everything up to `cursor`."""
        self._change(
            "UPDATE hook SET cursor = max(cursor, ?2), failures = 0, failing_since = NULL, next_at = 0 WHERE id = ?1",
            hook, cursor,
        )  # fmt: skip

    def failed(self, hook: str, now: float) -> Hook:
        """It was not taken at `now` (Unix seconds): the next try comes later with each failure in a row."""
        next_at = now + pause(self.one(hook).failures + 1)
        self._change(
            "UPDATE hook SET failures = failures + 1, failing_since = coalesce(failing_since, ?2), next_at = ?3"
            " WHERE id = ?1",
            hook, now, next_at,
        )  # fmt: skip
        return self.one(hook)

    def log(self, hook: str, tried: Attempt) -> Attempt:
        """Keep a try; returns it with its number. Nothing is kept of a webhook that was removed meanwhile."""
        values = (hook, tried.message, tried.seq, tried.at, tried.status, tried.milliseconds, tried.answer)
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            made = self._db.execute(
                "INSERT INTO attempt (hook, message, seq, at, status, milliseconds, answer)"
                " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM hook WHERE id = ?1)",
                values,
            )
            self._db.execute(
                "DELETE FROM attempt WHERE hook = ?1 AND row <= (SELECT row FROM attempt WHERE hook = ?1"
                " ORDER BY row DESC LIMIT 1 OFFSET ?2)",
                (hook, KEPT),
            )
        return Attempt(made.lastrowid or 0, *values[1:])

    def all(self) -> list[Hook]:
        """Every webhook, oldest first."""
        with self._lock, sqlite.errors(self._path):
            rows = self._db.execute("SELECT * FROM hook ORDER BY created_at, id").fetchall()
        return [Hook(**{**dict(row), "events": tuple(json.loads(row["events"]))}) for row in rows]

    def one(self, hook: str) -> Hook:
        """One webhook by id."""
        found = next((one for one in self.all() if one.id == hook), None)
        if found is None:
            raise _unknown(hook)
        return found

    def attempts(self, hook: str, first: int = 50, before: int | None = None) -> list[Attempt]:
        """Tries, newest first; `before` is the number of the last one seen."""
        self.one(hook)
        with self._lock, sqlite.errors(self._path):
            rows = self._db.execute(
                "SELECT row, message, seq, at, status, milliseconds, answer FROM attempt"
                " WHERE hook = ? AND row < ? ORDER BY row DESC LIMIT ?",
                (hook, before if before is not None else 2**62, first),
            ).fetchall()
        return [Attempt(*row) for row in rows]

    def _change(self, statement: str, hook: str, *values: object) -> None:
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            if self._db.execute(statement, (hook, *values)).rowcount != 1:
                raise _unknown(hook)


def _unknown(hook: str) -> UnknownName:
    return UnknownName(f"there is no webhook {hook!r}")
