"""The durable inbox: a report is acknowledged only when it is on disk, and applied later, once.

One writer thread commits whatever has gathered in one transaction (group commit), so a thousand agents share a few
fsyncs. Table `report` remembers every id that was taken; `queue` holds the bodies until they are applied; `scope` is
what each section of each node said last, by hash and time, so that an unchanged report costs no graph write at all.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cmdb import sqlite
from cmdb.errors import EpicentreError, FullNeeded, NotAuthenticated, Overloaded, Unavailable, UnknownName
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
)
MAX_QUEUED = 200_000
MAX_ATTEMPTS = 3
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
    """A report to apply."""

    row: int
    node: str
    report_id: str
    raw: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that is not applied now: held for a person, or in quarantine; with the reason."""

    row: int
    node: str
    report_id: str
    reason: str
    at: str


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Job = tuple[Callable[[], Any], "Future[Any]"]


class Inbox:
    """The inbox in one SQLite file. Safe to use from any thread; every change is on disk when its call returns."""

    def __init__(self, path: Path, *, max_queued: int = MAX_QUEUED) -> None:
        self._path = path
        self._db = sqlite.connect(path, MIGRATIONS)
        self._reader = sqlite.connect(path, MIGRATIONS)
        self._reading = threading.Lock()
        self._max_queued = max_queued
        self._depth = self._count("queued")
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._news = threading.Event()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="inbox", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Commit what was asked for and close the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._writer.join()
            self._reader.close()
            self._db.close()

    # --- from the front door -------------------------------------------------------------------------------

    def accept(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Receipt:
        """Take a report that `node` signed as its request number `counter`. It is on disk when this returns.

        Raises NotAuthenticated (replayed), FullNeeded, Overloaded, DiskFull, Unavailable.
        """
        return self._submit(lambda: self._accept(node, counter, snapshot, raw)).result()  # type: ignore[no-any-return]

    async def accept_async(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Receipt:
        """The same for an event loop."""
        future = self._submit(lambda: self._accept(node, counter, snapshot, raw))
        return await asyncio.wrap_future(future)

    def _accept(self, node: str, counter: int, snapshot: Snapshot, raw: bytes) -> Receipt:
        now = _now()
        self._count_request(node, counter, now)
        known = self._db.execute("SELECT seq FROM report WHERE id = ?", (snapshot.report_id,)).fetchone()
        if known is not None:
            return Receipt(snapshot.report_id, known["seq"], "known")
        if self._depth >= self._max_queued and snapshot.sections:
            raise Overloaded("more reports are waiting than may wait; try again later", retry_after=30.0)
        self._check_bases(snapshot)
        self._note_scopes(snapshot, now)
        self._db.execute("INSERT INTO report VALUES (?, ?, ?, ?)", (snapshot.report_id, node, snapshot.seq, now))
        self._db.execute("DELETE FROM report WHERE node = ? AND seq < ?", (node, snapshot.seq - KEPT_IDS))
        if not snapshot.sections:
            return Receipt(snapshot.report_id, snapshot.seq, "unchanged")
        self._db.execute(
            "INSERT INTO queue (id, node, raw, at) VALUES (?, ?, ?, ?)", (snapshot.report_id, node, raw, now)
        )
        return Receipt(snapshot.report_id, snapshot.seq, "stored")

    def _count_request(self, node: str, counter: int, now: str) -> None:
        taken = self._db.execute(
            "INSERT INTO sender VALUES (?, ?, ?) ON CONFLICT (node) DO UPDATE SET counter = excluded.counter,"
            " seen = excluded.seen WHERE excluded.counter > counter",
            (node, counter, now),
        )
        if taken.rowcount != 1:
            raise NotAuthenticated("this request was seen before; each needs a higher number", code="replayed")

    def _check_bases(self, snapshot: Snapshot) -> None:
        rows = self._db.execute("SELECT id, hash FROM scope WHERE node = ?", (snapshot.node,))
        have = {row["id"]: row["hash"] for row in rows}
        missing = [n for n in snapshot.unchanged if have.get(f"{snapshot.node}/{n}") != snapshot.hashes[n]]
        if missing:
            raise FullNeeded(f"the base of {', '.join(sorted(missing))} is not known here: send every section whole")

    def _note_scopes(self, snapshot: Snapshot, now: str) -> None:
        self._db.executemany(
            "INSERT INTO scope VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET hash = excluded.hash,"
            " seq = excluded.seq, seen = excluded.seen WHERE excluded.seq >= seq",
            [(f"{snapshot.node}/{n}", snapshot.node, h, snapshot.seq, now) for n, h in snapshot.hashes.items()],
        )

    # --- for the applier -----------------------------------------------------------------------------------

    def next(self) -> Queued | None:
        """The oldest queued report; it stays queued until `done`, `failed` or `hold`."""
        rows = self._read(
            "SELECT row, node, id, raw, attempts FROM queue WHERE state = 'queued' ORDER BY row LIMIT 1", ()
        )
        return Queued(*rows[0]) if rows else None

    def wait(self, timeout: float) -> None:
        """Wait until a report was queued, somebody pokes, or the time is over."""
        self._news.wait(timeout)
        self._news.clear()

    def poke(self) -> None:
        """Wake whoever waits."""
        self._news.set()

    def done(self, row: int) -> None:
        """The report is in the graph: forget its body. Its id stays known."""
        self._do(lambda: self._db.execute("DELETE FROM queue WHERE row = ?", (row,)))

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

    # --- for people ----------------------------------------------------------------------------------------

    def depth(self) -> int:
        """How many reports wait to be applied."""
        return self._depth

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

    def senders(self) -> dict[str, str]:
        """When each node's last request came, ISO 8601 UTC."""
        return {row["node"]: row["seen"] for row in self._read("SELECT node, seen FROM sender", ())}

    def writable(self) -> bool:
        """Whether a commit succeeds now."""
        try:
            self._do(lambda: self._db.execute("UPDATE sender SET seen = seen WHERE node = ''"))
        except EpicentreError:
            return False
        return True

    # --- the file ------------------------------------------------------------------------------------------

    def _kept(self, state: str) -> list[Kept]:
        rows = self._read("SELECT row, node, id, reason, at FROM queue WHERE state = ? ORDER BY row", (state,))
        return [Kept(*row) for row in rows]

    def _count(self, state: str) -> int:
        return int(self._db.execute("SELECT count(*) FROM queue WHERE state = ?", (state,)).fetchone()[0])

    def _read(self, text: str, parameters: Collection[Any]) -> list[sqlite3.Row]:
        with self._reading, sqlite.errors(self._path):
            return self._reader.execute(text, tuple(parameters)).fetchall()

    def _do(self, work: Callable[[], Any]) -> None:
        self._submit(work).result()

    def _submit(self, work: Callable[[], Any]) -> Future[Any]:
        if self._closed:
            raise Unavailable("the server is stopping; try again")
        future: Future[Any] = Future()
        self._jobs.put((work, future))
        return future

    def _write(self) -> None:
        """The writer thread: gather, do all in one transaction, commit, then answer everybody."""
        while (first := self._jobs.get()) is not None:
            jobs, last = self._gather(first)
            answers: list[tuple[Future[Any], Any, Exception | None]] = []
            try:
                with sqlite.errors(self._path), sqlite.transaction(self._db):
                    for work, future in jobs:
                        answers.append(self._one(work, future))
            except Exception as error:  # every waiting caller is told, whatever it was
                answers = [(future, None, error) for _, future in jobs]
            with suppress(sqlite3.Error):
                self._depth = self._count("queued")
            self._news.set()
            self._answer(answers)
            if last:
                return

    def _gather(self, first: Job) -> tuple[list[Job], bool]:
        jobs: list[Job] = [first]
        with suppress(queue.Empty):
            while len(jobs) < 500:
                more = self._jobs.get_nowait()
                if more is None:
                    return jobs, True
                jobs.append(more)
        return jobs, False

    def _one(self, work: Callable[[], Any], future: Future[Any]) -> tuple[Future[Any], Any, Exception | None]:
        """One job in a savepoint: what it refuses leaves the others' work untouched."""
        self._db.execute("SAVEPOINT job")
        try:
            result = work()
        except EpicentreError as error:
            # A replay must stay refused for ever, so the request number is kept even when the report is not taken.
            self._db.execute("RELEASE job") if isinstance(error, FullNeeded | Overloaded) else self._undo()
            return future, None, error
        self._db.execute("RELEASE job")
        return future, result, None

    def _undo(self) -> None:
        self._db.execute("ROLLBACK TO job")
        self._db.execute("RELEASE job")

    @staticmethod
    def _answer(answers: Iterable[tuple[Future[Any], Any, Exception | None]]) -> None:
        for future, result, error in answers:
            if not future.set_running_or_notify_cancel():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)
