"""The durable inbox: a report is acknowledged only when it is on disk, and applied later, once.

One writer thread commits whatever has gathered in one transaction, so a thousand agents share a few fsyncs. Table
`report` remembers the ids that were taken; `queue` holds the bodies until they are applied; `scope` is what each
section of each node said last, by hash and time, so that an unchanged report costs no graph write at all.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cmdb import sqlite
from cmdb.errors import EpicentreError, FullNeeded, Invalid, NotAuthenticated, Overloaded, UnknownName
from cmdb.words import Snapshot

MIGRATIONS = (
    """
    CREATE TABLE report (id TEXT PRIMARY KEY, node TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX report_node ON report (node, seq);
    CREATE TABLE sender (node TEXT PRIMARY KEY, counter INTEGER NOT NULL, seen TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE scope (id TEXT PRIMARY KEY, node TEXT NOT NULL, hash TEXT NOT NULL, seq INTEGER NOT NULL,
                        seen TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX scope_node ON scope (node);
    CREATE TABLE queue (row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, node TEXT NOT NULL,
                        raw BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0,
                        reason TEXT, at TEXT NOT NULL);
    CREATE INDEX queue_state ON queue (state, row);
    """,
    # `kept` counts the queue by state: count(*) over a backlog would cost more than the commits that work it off.
    """
    CREATE TABLE kept (state TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO kept VALUES ('queued', 0), ('held', 0), ('quarantined', 0);
    UPDATE kept SET n = (SELECT count(*) FROM queue WHERE queue.state = kept.state);
    CREATE TRIGGER queue_in AFTER INSERT ON queue BEGIN
        UPDATE kept SET n = n + 1 WHERE state = new.state;
    END;
    CREATE TRIGGER queue_out AFTER DELETE ON queue BEGIN
        UPDATE kept SET n = n - 1 WHERE state = old.state;
    END;
    CREATE TRIGGER queue_move AFTER UPDATE OF state ON queue BEGIN
        UPDATE kept SET n = n - 1 WHERE state = old.state;
        UPDATE kept SET n = n + 1 WHERE state = new.state;
    END;
    CREATE TABLE pulse (one INTEGER PRIMARY KEY CHECK (one = 1), at TEXT NOT NULL);
    """,
)
MAX_QUEUED = 200_000
MAX_ATTEMPTS = 3
MAX_BATCH = 512 * 1024
"""Bytes of reports that are applied together; with the plans made of them, some 30 MiB in memory."""

MAX_READ = 256 * 1024
"""Bytes of reports that are kept as the front door has read them, for the applier: some 3 MiB in memory."""

KEPT_IDS = 100
"""Report ids remembered per node: a sender repeats its latest reports, never one from a hundred ago."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an accepted report: stored (queued), unchanged (nothing to apply), or known from before."""

    report_id: str
    seq: int
    status: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A report to apply; `snapshot` is what `raw` says, if this process has read it already."""

    row: int
    node: str
    report_id: str
    raw: bytes
    attempts: int
    snapshot: Snapshot | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that is not applied now: held for a person, or in quarantine; with the reason."""

    row: int
    node: str
    report_id: str
    reason: str
    at: str


class Snapshots:
    """Reports as the front door has read them, so that the applier need not read them again; what is too much is not.

    What is given back belongs to exactly these bytes, whatever became of the transaction that kept it.
    """

    def __init__(self, most: int) -> None:
        self._room = most
        self._kept: dict[str, tuple[bytes, Snapshot]] = {}
        self._lock = threading.Lock()

    def keep(self, raw: bytes, snapshot: Snapshot) -> None:
        """Keep one if there is room: the applier comes to the oldest first."""
        with self._lock:
            self._forget(snapshot.report_id)
            if len(raw) <= self._room:
                self._kept[snapshot.report_id] = (raw, snapshot)
                self._room -= len(raw)

    def get(self, report_id: str, raw: bytes) -> Snapshot | None:
        """What these bytes say, if it is known. It is given once."""
        with self._lock:
            found = self._kept.get(report_id)
            self._forget(report_id)
        return found[1] if found is not None and found[0] == raw else None

    def _forget(self, report_id: str) -> None:
        if (gone := self._kept.pop(report_id, None)) is not None:
            self._room += len(gone[0])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Inbox:
    """The inbox in one SQLite file. Safe to use from any thread; every change is on disk when its call returns."""

    def __init__(
        self,
        path: Path,
        *,
        max_queued: int = MAX_QUEUED,
        clock: Callable[[], str] = _now,
        disk: sqlite.Disk = sqlite.FILES,
    ) -> None:
        self._path, self._clock = path, clock
        self._db = disk.connect(path, MIGRATIONS)
        self._reader = disk.connect(path, MIGRATIONS)
        self._reading = threading.Lock()
        self._max_queued = max_queued
        self._news = threading.Event()
        self._counts: dict[str, int] = {}
        self._read_before = Snapshots(MAX_READ)
        self._committed()
        self._writer = disk.writer(path, self._db, self._committed)

    def close(self) -> None:
        """Commit what was asked for and close the file."""
        self._writer.close()
        with self._reading:
            self._reader.close()
            self._db.close()

    # --- from the front door -------------------------------------------------------------------------------

    def accept(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Receipt:
        """Take a report that `node` signed as its request number `counter`. It is on disk when this returns.

        Raises NotAuthenticated (replayed), FullNeeded, Invalid (another node's report id), Overloaded, DiskFull,
        Unavailable.
        """
        return _receipt(self._submit(node, counter, snapshot, raw).result())

    async def accept_async(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Receipt:
        """The same for an event loop."""
        return _receipt(await asyncio.wrap_future(self._submit(node, counter, snapshot, raw)))

    def _submit(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Future[Receipt | EpicentreError]:
        return self._writer.submit(lambda: self._accept(node, counter, snapshot, raw))

    def _accept(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Receipt | EpicentreError:
        """A refusal is returned, not raised: the request's number stays used, so that it is refused for ever."""
        now = self._clock()
        self._count_request(node, counter, now)
        owner = self._owner(snapshot.report_id)
        if owner == node:
            return Receipt(snapshot.report_id, snapshot.seq, "known")
        if owner is not None:
            return Invalid("this report id belongs to another node: make a new one", where="$.report_id")
        if snapshot.sections and self._queued() >= self._max_queued:
            return Overloaded("more reports are waiting than may wait; try again later", retry_after=30.0)
        if missing := self._unknown_bases(snapshot):
            return FullNeeded(f"the base of {', '.join(sorted(missing))} is not known here: send every section whole")
        self._note_scopes(snapshot, now)
        self._db.execute("INSERT INTO report VALUES (?, ?, ?, ?)", (snapshot.report_id, node, snapshot.seq, now))
        self._db.execute("DELETE FROM report WHERE node = ? AND seq < ?", (node, snapshot.seq - KEPT_IDS))
        if not snapshot.sections:
            return Receipt(snapshot.report_id, snapshot.seq, "unchanged")
        self._db.execute(
            "INSERT INTO queue (id, node, raw, at) VALUES (?, ?, ?, ?)", (snapshot.report_id, node, raw, now)
        )
        self._read_before.keep(raw, snapshot)
        return Receipt(snapshot.report_id, snapshot.seq, "stored")

    def _owner(self, report_id: str) -> str | None:
        """The node that sent this report before; `report` forgets old ids, `queue` knows what still waits."""
        row = self._db.execute(
            "SELECT node FROM report WHERE id = ?1 UNION ALL SELECT node FROM queue WHERE id = ?1 LIMIT 1", (report_id,)
        ).fetchone()
        return None if row is None else str(row["node"])

    def _queued(self) -> int:
        return int(self._db.execute("SELECT n FROM kept WHERE state = 'queued'").fetchone()["n"])

    def _count_request(self, node: str, counter: int, now: str) -> None:
        taken = self._db.execute(
            "INSERT INTO sender VALUES (?, ?, ?) ON CONFLICT (node) DO UPDATE SET counter = excluded.counter,"
            " seen = excluded.seen WHERE excluded.counter > counter",
            (node, counter, now),
        )
        if taken.rowcount != 1:
            raise NotAuthenticated("this request was seen before; each needs a higher number", code="replayed")

    def _unknown_bases(self, snapshot: Snapshot) -> list[str]:
        rows = self._db.execute("SELECT id, hash FROM scope WHERE node = ?", (snapshot.node,))
        have = {row["id"]: row["hash"] for row in rows}
        return [n for n in snapshot.unchanged if have.get(f"{snapshot.node}/{n}") != snapshot.hashes[n]]

    def _note_scopes(self, snapshot: Snapshot, now: str) -> None:
        self._db.executemany(
            "INSERT INTO scope VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET hash = excluded.hash,"
            " seq = excluded.seq, seen = excluded.seen WHERE excluded.seq >= seq",
            [(f"{snapshot.node}/{n}", snapshot.node, h, snapshot.seq, now) for n, h in snapshot.hashes.items()],
        )

    # --- for the applier -----------------------------------------------------------------------------------

    def next(self) -> Queued | None:
        """The oldest queued report; it stays queued until `done`, `failed` or `hold`."""
        return next(iter(self.batch(1)), None)

    def batch(self, most: int, most_bytes: int = MAX_BATCH) -> list[Queued]:
        """The oldest queued reports of different nodes, in order; all stay queued until `done`, `failed` or `hold`.

        A node's second report waits for its first. The first one comes however large it is.
        """
        chosen: dict[str, int] = {}
        room = most_bytes
        for row, node, size in self._read(
            "SELECT row, node, length(raw) FROM queue WHERE state = 'queued' ORDER BY row LIMIT ?", (most,)
        ):
            room -= size
            if chosen and room < 0:
                break
            chosen.setdefault(node, row)
        marks = ",".join("?" * len(chosen))
        rows = self._read(
            f"SELECT row, node, id, raw, attempts FROM queue WHERE row IN ({marks}) ORDER BY row",  # noqa: S608  # marks only
            tuple(chosen.values()),
        )
        return [replace(Queued(*row), snapshot=self._read_before.get(row["id"], row["raw"])) for row in rows]

    def wait(self, timeout: float) -> None:
        """Wait until a report was queued, somebody pokes, or the time is over."""
        self._news.wait(timeout)
        self._news.clear()

    def poke(self) -> None:
        """Wake whoever waits."""
        self._news.set()

    def done(self, *rows: int) -> None:
        """These reports are in the graph: forget their bodies. Their ids stay known."""
        self._do(lambda: self._db.executemany("DELETE FROM queue WHERE row = ?", [(row,) for row in rows]))

    def failed(self, row: int, reason: str) -> None:
        """Count a failure; the third puts the report into quarantine and asks its node for everything whole."""
        self._do(lambda: self._failed(row, reason))

    def _failed(self, row: int, reason: str) -> None:
        self._db.execute(
            "UPDATE queue SET attempts = attempts + 1, reason = ?,"
            " state = CASE WHEN attempts + 1 >= ? THEN 'quarantined' ELSE state END WHERE row = ?",
            (reason[:1000], MAX_ATTEMPTS, row),
        )
        # What the graph never got must not be a base that later deltas build on.
        self._db.execute(
            "DELETE FROM scope WHERE node = (SELECT node FROM queue WHERE row = ? AND state = 'quarantined')", (row,)
        )

    def hold(self, row: int, reason: str) -> None:
        """Keep a report for a person's decision; only the newest of each node is kept."""
        self._do(lambda: self._hold(row, reason))

    def _hold(self, row: int, reason: str) -> None:
        self._db.execute("UPDATE queue SET state = 'held', reason = ? WHERE row = ?", (reason[:1000], row))
        self._db.execute(
            "DELETE FROM queue WHERE state = 'held' AND row < ? AND node = (SELECT node FROM queue WHERE row = ?)",
            (row, row),
        )
        # The graph has nothing of this node yet, so its next report must be whole again.
        self._db.execute("DELETE FROM scope WHERE node = (SELECT node FROM queue WHERE row = ?)", (row,))

    def release(self, node: str) -> None:
        """Queue a node's held report again."""
        self._do(
            lambda: self._db.execute("UPDATE queue SET state = 'queued' WHERE state = 'held' AND node = ?", (node,))
        )

    def forget(self, node: str) -> None:
        """Forget what a node said last: its next report must be whole."""
        self._do(lambda: self._db.execute("DELETE FROM scope WHERE node = ?", (node,)))

    # --- for people ----------------------------------------------------------------------------------------

    def depth(self) -> int:
        """How many reports wait to be applied."""
        return self._counts["queued"]

    def counts(self) -> dict[str, int]:
        """How many reports are queued, held and quarantined."""
        return dict(self._counts)

    def held(self) -> list[Kept]:
        """Reports that wait for a person's word on an identity."""
        return self._kept("held")

    def quarantine(self) -> list[Kept]:
        """Reports that failed three times, with the last reason."""
        return self._kept("quarantined")

    def replay(self, row: int) -> None:
        """Queue a quarantined report again, its attempts forgotten."""

        def work() -> None:
            changed = self._db.execute(
                "UPDATE queue SET state = 'queued', attempts = 0 WHERE row = ? AND state = 'quarantined'", (row,)
            )
            if changed.rowcount != 1:
                raise UnknownName(f"there is no quarantined report {row}")

        self._do(work)

    def seen(self, scopes: Iterable[str]) -> dict[str, str]:
        """When each scope (node/section) last said what it says, ISO 8601 UTC."""
        wanted = list(dict.fromkeys(scopes))
        marks = ",".join("?" * len(wanted))
        rows = self._read(f"SELECT id, seen FROM scope WHERE id IN ({marks})", wanted)  # noqa: S608  # marks only
        return {row["id"]: row["seen"] for row in rows}

    def all_seen(self) -> dict[str, str]:
        """When every scope last said what it says, changed or not, ISO 8601 UTC."""
        return {row["id"]: row["seen"] for row in self._read("SELECT id, seen FROM scope", ())}

    def senders(self) -> dict[str, str]:
        """When each node's last request came, ISO 8601 UTC."""
        return {row["node"]: row["seen"] for row in self._read("SELECT node, seen FROM sender", ())}

    def writable(self) -> bool:
        """Whether a commit succeeds now. It really writes: on a full disk an empty commit would succeed."""
        try:
            self._do(lambda: self._db.execute("INSERT OR REPLACE INTO pulse VALUES (1, ?)", (self._clock(),)))
        except EpicentreError:
            return False
        return True

    # --- the file ------------------------------------------------------------------------------------------

    def _kept(self, state: str) -> list[Kept]:
        rows = self._read("SELECT row, node, id, reason, at FROM queue WHERE state = ? ORDER BY row", (state,))
        return [Kept(*row) for row in rows]

    def _read(self, text: str, parameters: Collection[Any]) -> list[sqlite3.Row]:
        with self._reading, sqlite.errors(self._path):
            return self._reader.execute(text, tuple(parameters)).fetchall()

    def _do(self, work: Callable[[], Any]) -> None:
        self._writer.submit(work).result()

    def _committed(self) -> None:
        self._counts = {row["state"]: row["n"] for row in self._db.execute("SELECT state, n FROM kept")}
        self._news.set()


def _receipt(answer: Receipt | EpicentreError) -> Receipt:
    if isinstance(answer, EpicentreError):
        raise answer
    return answer
