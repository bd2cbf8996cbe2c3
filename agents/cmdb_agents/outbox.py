"""The agent's durable state: the reports that wait, sequence and counter, what the front door acknowledged, the
remembered connections, and the quarantine. SQLite, WAL, synchronous=FULL.

A report is committed before it is sent and deleted only after the front door has it. While the front door is away
each change is kept as a report of its own, so that the graph's history has no hole; what says nothing new is not kept.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmdb.errors import DiskFull, Misconfigured
from cmdb_agents.memory import Known, Pair
from cmdb_agents.report import FULL_EVERY

MAX_BYTES = 64 * 2**20
MAX_WAITING = 40 * 2**20
"""Bytes of reports that wait; beyond it the oldest go, whose changes the later ones hold as what is true now."""
QUARANTINE_KEEPS, QUARANTINE_BYTES = 20, 16 * 2**20
"""Beside the quarantine there is room for the largest report the front door takes."""

NEEDED = 64 * 2**10
"""Bytes of room without which SQLite cannot begin: its index of the log alone takes half of them."""

_TABLES = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL, gzip INTEGER NOT NULL, hashes TEXT NOT NULL,
    whole INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS connection (
    source TEXT NOT NULL, target TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    confidence REAL NOT NULL, attributed INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, target)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as composed: the bytes to send, and the hashes the front door will know once it has them."""

    id: str
    body: bytes
    gzip: bool
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Waiting(Draft):
    """A report in the spool."""

    seq: int


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=10)


class Outbox:
    """Opened by one process at a time (the home's lock sees to it)."""

    def __init__(
        self,
        path: Path,
        *,
        most_waiting: int = MAX_WAITING,
        connect: Callable[[Path], sqlite3.Connection] = _connect,
    ) -> None:
        self._most_waiting = most_waiting
        try:
            self._db = connect(path)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA cache_size=-512")
            page = self._db.execute("PRAGMA page_size").fetchone()[0]
            self._db.execute(f"PRAGMA max_page_count={MAX_BYTES // page}")
            self._db.executescript(_TABLES)
            self._widen()
        except sqlite3.Error as error:
            raise Misconfigured(f"the agent's state {path} cannot be opened: {_why(path, error)}") from error

    def _widen(self) -> None:
        """A state that an earlier agent left gets the columns it lacks."""
        for table, column in (("connection", "held"), ("report", "whole")):
            if column not in {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}:
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._rollback()
            raise DiskFull(f"the agent's state could not be written: {error}", retry_after=60) from error
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    # --- reports -------------------------------------------------------------------------------------------

    def put(self, compose: Callable[[int, Mapping[str, str]], Draft], connections: Mapping[Pair, Known]) -> Waiting:
        """Commit the next report. `compose(seq, base)` makes it; without the hashes of a base it is full.

        While others wait it builds on the newest of them, and where it says what that says it is not kept.
        """
        with self._transaction():
            seq = int(self.fact("seq", "0")) + 1
            since = int(self.fact("since_full", str(FULL_EVERY)))
            newest = self._newest()
            full = since >= FULL_EVERY - 1 or (newest is not None and not self._whole_waits())
            base = newest.hashes if newest else json.loads(self.fact("acknowledged", "{}"))
            draft = compose(seq, {} if full else base)
            self._keep(connections)
            if newest is not None and newest.hashes == dict(draft.hashes):
                return newest
            if self._make_room(len(draft.body)) and not full and self._newest() is None:
                full, draft = True, compose(seq, {})  # what it was to build on has gone
            self._db.execute(
                "INSERT INTO report (id, seq, body, gzip, hashes, whole) VALUES (?, ?, ?, ?, ?, ?)",
                (draft.id, seq, draft.body, draft.gzip, json.dumps(dict(draft.hashes)), full),
            )
            self._note("seq", str(seq))
            self._note("since_full", "0" if full else str(since + 1))
        return Waiting(draft.id, draft.body, draft.gzip, draft.hashes, seq)

    def _whole_waits(self) -> bool:
        return self._db.execute("SELECT 1 FROM report WHERE whole LIMIT 1").fetchone() is not None

    def _make_room(self, needed: int) -> int:
        """Let the oldest go where a report would not fit, and with it all that builds on it; returns how many."""
        gone = 0
        while self.spooled()[1] + needed > self._most_waiting and (oldest := self.waiting()):
            gone += self._forget_built_on(oldest.seq)
        if gone:
            self._note("dropped", str(int(self.fact("dropped", "0")) + gone))
        return gone

    def _forget_built_on(self, seq: int) -> int:
        """Delete a report and those after it that build on it: all up to the next full one."""
        return self._db.execute(
            "DELETE FROM report WHERE seq >= ?1 AND seq < coalesce("
            "(SELECT min(seq) FROM report WHERE seq > ?1 AND whole), 9e18)",
            (seq,),
        ).rowcount

    def waiting(self) -> Waiting | None:
        """The oldest report that has not been acknowledged yet."""
        return self._one("ASC")

    def _newest(self) -> Waiting | None:
        return self._one("DESC")

    def _one(self, order: str) -> Waiting | None:
        row = self._db.execute(
            f"SELECT id, body, gzip, hashes, seq FROM report ORDER BY seq {order} LIMIT 1"  # noqa: S608  # two fixed words
        ).fetchone()
        return Waiting(row[0], row[1], bool(row[2]), json.loads(row[3]), row[4]) if row else None

    def spooled(self) -> tuple[int, int]:
        """How many reports wait, and their bytes."""
        count, size = self._db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM report").fetchone()
        return int(count), int(size)

    def accepted(self, report: Waiting, at: str) -> None:
        """The front door has it: forget the body, remember the hashes."""
        with self._transaction():
            self._db.execute("DELETE FROM report WHERE id = ?", (report.id,))
            self._note("acknowledged", json.dumps(dict(report.hashes)))
            self._note("last_accepted", json.dumps({"seq": report.seq, "at": at}))

    def full_needed(self, report: Waiting) -> None:
        """The front door does not know the base: drop what builds on it, and make the next one full."""
        with self._transaction():
            self._forget_built_on(report.seq)
            self._note("acknowledged", "{}")
            self._note("since_full", str(FULL_EVERY))

    def refused(self, report: Waiting, reason: str, at: str) -> None:
        """The front door will never take it: keep it aside for people, newest few only."""
        with self._transaction():
            self._db.execute("DELETE FROM report WHERE id = ?", (report.id,))
            self._make_room_aside(len(report.body))
            self._db.execute(
                "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?)",
                (report.id, report.seq, at, reason[:500], report.body),
            )
            self._note("refused", str(int(self.fact("refused", "0")) + 1))

    def _make_room_aside(self, size: int) -> None:
        """The oldest in quarantine go, so that there are few and the newest still has room."""
        kept = self._db.execute("SELECT id, length(body) FROM quarantine ORDER BY seq DESC").fetchall()
        for number, (name, length) in enumerate(kept, start=1):
            size += length
            if number >= QUARANTINE_KEEPS or size > QUARANTINE_BYTES:
                self._db.execute("DELETE FROM quarantine WHERE id = ?", (name,))

    def quarantine(self) -> list[dict[str, Any]]:
        """The refused reports that are still kept: id, seq, at, reason."""
        rows = self._db.execute("SELECT id, seq, at, reason FROM quarantine ORDER BY seq")
        return [dict(zip(("id", "seq", "at", "reason"), row, strict=True)) for row in rows]

    # --- numbers that only rise ----------------------------------------------------------------------------

    def next_counter(self, at_least: int = 0) -> int:
        """The number of the next HTTP attempt, durable before it is used: no attempt ever repeats one."""
        with self._transaction():
            counter = max(int(self.fact("counter", "0")) + 1, at_least)
            self._note("counter", str(counter))
        return counter

    # --- facts ---------------------------------------------------------------------------------------------

    def fact(self, name: str, otherwise: str = "") -> str:
        """A noted value."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else otherwise

    def note(self, name: str, value: str) -> None:
        """Note a value for `status` and the next start."""
        with self._transaction():
            self._note(name, value)

    def _note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def forget_node(self) -> None:
        """A new node id starts from nothing; the connections stay, they are the machine's."""
        with self._transaction():
            for table in ("fact", "report", "quarantine"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # three fixed names

    # --- connections ---------------------------------------------------------------------------------------

    def connections(self) -> dict[Pair, Known]:
        """The remembered connections."""
        return _connections(self._db)

    def _keep(self, table: Mapping[Pair, Known]) -> None:
        gone, same = [], set()
        for pair, old in _rows(self._db):  # one by one: a second table of all of them would be as large as the first
            if pair not in table:
                gone.append(pair)
            elif table[pair] == old:
                same.add(pair)
        self._db.executemany("DELETE FROM connection WHERE source = ? AND target = ?", gone)
        self._db.executemany(
            "INSERT OR REPLACE INTO connection VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (*pair, k.first_seen, k.last_seen, k.confidence, k.attributed, k.held)
                for pair, k in table.items()
                if pair not in same
            ),
        )


def _why(path: Path, error: sqlite3.Error) -> str:
    """A full disk in its own words: SQLite knows it as an error of input and output."""
    try:
        found = os.statvfs(path.parent)
    except (OSError, AttributeError):  # Windows has no such question
        return str(error)
    return "no room is left on its disk" if found.f_bavail * found.f_frsize < NEEDED else str(error)


def _connections(db: sqlite3.Connection) -> dict[Pair, Known]:
    return dict(_rows(db))


def _rows(db: sqlite3.Connection) -> Iterator[tuple[Pair, Known]]:
    """The remembered connections; what many of them have in common is in memory once."""
    once: dict[Any, Any] = {}

    def shared(value: Any) -> Any:
        return once.setdefault((type(value), value), value)

    for source, target, first, last, confidence, attributed, held in db.execute(
        "SELECT source, target, first_seen, last_seen, confidence, attributed, held FROM connection"
    ):
        known = Known(shared(first), shared(last), shared(confidence), bool(attributed), held)
        yield (shared(source), target), known


def peek(path: Path) -> dict[Pair, Known]:
    """The remembered connections without opening the state for writing; empty when it is not there for this user."""
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    except sqlite3.Error:
        return {}
    try:
        return _connections(db)
    except sqlite3.Error:
        return {}
    finally:
        db.close()
