"""SQLite files that must survive anything: WAL, synchronous=FULL, numbered migrations, a newer schema refused.

`Writer` is one thread that commits what many callers ask for together (group commit): they share one fsync.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cmdb.errors import DiskFull, Misconfigured, Unavailable

T = TypeVar("T")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
MOST_TOGETHER = 500
"""Jobs in one transaction at most, so that the first of them does not wait for ever."""


def connect(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open (or make, mode 0600) a database and bring it up to `len(migrations)`; statements of each end in `;`."""
    try:
        path.touch(mode=0o600)
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10.0)
    except (OSError, sqlite3.OperationalError) as error:
        raise Misconfigured(f"{path} cannot be opened ({error}): is the data folder writable?") from error
    return prepare(db, path, migrations)


class Damaged(Unavailable):
    """The file is no database any more; it is left as it is."""


def prepare(db: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Bring an open database up to date; `path` is what it is called where something goes wrong."""
    db.row_factory = sqlite3.Row
    try:
        with errors(path):
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # an acknowledged commit must outlive a power cut
            db.execute("PRAGMA foreign_keys = ON")
            _migrate(db, path, migrations)
    except Damaged as error:
        message = f"{path} is damaged and was left as it is ({error.__cause__}): put a whole copy of it back"
        raise Misconfigured(message, detail=error.detail) from error
    return db


def _migrate(db: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    with transaction(db):
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise Misconfigured(
                f"{path} has schema {version}, made by a newer Epicentre; this one knows {len(migrations)}: upgrade it"
            )
        for script in migrations[version:]:
            for statement in _statements(script):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(migrations)}")


def _statements(script: str) -> Iterator[str]:
    """One by one: executescript() would commit in between. A trigger's own semicolons do not end it."""
    part = ""
    for piece in script.split(";")[:-1]:
        part += f"{piece};"
        if sqlite3.complete_statement(part):
            yield part
            part = ""


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: the lock is taken first, so a read in it is never overtaken."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")  # inside: a full disk shows here, and must not leave the transaction open
    except BaseException:
        if db.in_transaction:  # SQLite itself may have rolled back
            db.execute("ROLLBACK")
        raise


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
    except sqlite3.DatabaseError as error:
        if not _damaged(error):
            raise
        message = f"{path.name} in the data folder is damaged; it is left as it is"
        raise Damaged(message, detail=f"{path}: {error}") from error


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is no whole database: cut short, overwritten, on a disk that forgets."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in _DAMAGED


Job = tuple[Callable[[], Any], "Future[Any]"]


class Writer:
    """The one thread that writes to a database. `committed` is called after each transaction, before the answers."""

    def __init__(self, path: Path, db: sqlite3.Connection, committed: Callable[[], None]) -> None:
        self._path, self._db, self._committed = path, db, committed
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._door = threading.Lock()  # nothing is put behind the end mark, where nobody would answer it
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"writer of {self._path.name}", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Do `work` in the next transaction; the future has its result once that is on disk, or what it raised."""
        future: Future[T] = Future()
        with self._door:
            if self._closed:
                raise Unavailable("the server is stopping; try again")
            self._jobs.put((work, future))
        return future

    def close(self) -> None:
        """Commit what was asked for, and end."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            jobs, last = self._gather(first)
            self._carry_out(jobs)
            if last:
                return

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        """These jobs in one transaction; nobody is answered before it is on disk."""
        answers: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            with errors(self._path), transaction(self._db):
                answers = [self._one(work, future) for work, future in jobs]
        except Exception as error:  # every waiting caller is told, whatever it was
            answers = [(future, None, error) for _, future in jobs]
        with suppress(sqlite3.Error):
            self._committed()
        _answer(answers)

    def _gather(self, first: Job) -> tuple[list[Job], bool]:
        jobs: list[Job] = [first]
        with suppress(queue.Empty):
            while len(jobs) < MOST_TOGETHER:
                more = self._jobs.get_nowait()
                if more is None:
                    return jobs, True
                jobs.append(more)
        return jobs, False

    def _one(self, work: Callable[[], Any], future: Future[Any]) -> tuple[Future[Any], Any, Exception | None]:
        """One job in a savepoint: what it raises undoes its own work and leaves the others' alone."""
        self._db.execute("SAVEPOINT job")
        try:
            result = work()
        except sqlite3.OperationalError:
            raise  # the file itself is in trouble, so the transaction is
        except Exception as error:
            if isinstance(error, sqlite3.DatabaseError) and _damaged(error):
                raise
            self._db.execute("ROLLBACK TO job")
            self._db.execute("RELEASE job")
            return future, None, error
        self._db.execute("RELEASE job")
        return future, result, None


@dataclass(frozen=True, slots=True)
class Disk:
    """What a database is opened with and written by: files and a thread, unless somebody hands in another."""

    connect: Callable[[Path, Sequence[str]], sqlite3.Connection] = connect
    writer: Callable[[Path, sqlite3.Connection, Callable[[], None]], Writer] = Writer


FILES = Disk()


def _answer(answers: Iterable[tuple[Future[Any], Any, Exception | None]]) -> None:
    for future, result, error in answers:
        if not future.set_running_or_notify_cancel():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
