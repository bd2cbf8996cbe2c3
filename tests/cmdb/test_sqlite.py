"""The files: many callers share a commit, one's mistake is not the others', and a full disk is survived."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from cmdb.errors import DiskFull, Invalid, Misconfigured, Unavailable
from cmdb.sqlite import Writer, connect, errors, transaction

ONE = ("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB);",)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with one table."""
    opened = connect(tmp_path / "t.db", ONE)
    yield opened
    opened.close()


def rows(db: sqlite3.Connection) -> list[int]:
    """What is in the table."""
    return [row["n"] for row in db.execute("SELECT n FROM t ORDER BY n")]


def test_a_file_is_private_durable_and_brought_up_to_date(tmp_path: Path) -> None:
    """Mode 0600, WAL, FULL; later migrations run on an older file, those done before do not."""
    path = tmp_path / "t.db"
    connect(path, ONE).close()
    db = connect(path, (*ONE, "ALTER TABLE t ADD COLUMN more TEXT; CREATE TABLE u (n INTEGER);"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert db.execute("PRAGMA user_version").fetchone()[0] == 2
    db.execute("INSERT INTO t (n, more) VALUES (1, 'x')")
    db.close()


def test_a_trigger_is_one_statement_of_a_migration(tmp_path: Path) -> None:
    """Its inner semicolons do not cut it."""
    trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET body = 'a;b'; UPDATE t SET body = 'c'; END;"
    db = connect(tmp_path / "t.db", (ONE[0] + trigger,))
    db.execute("INSERT INTO t (n) VALUES (1)")
    assert db.execute("SELECT body FROM t").fetchone()[0] == "c"
    db.close()


def test_a_failing_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """All of it or nothing."""
    path = tmp_path / "t.db"
    connect(path, ONE).close()
    with pytest.raises(Unavailable):
        connect(path, (*ONE, "CREATE TABLE u (n INTEGER); CREATE TABLE t (n INTEGER);"))
    db = connect(path, ONE)
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'u'").fetchone()[0] == 0
    db.close()


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    """One sentence, with the path."""
    with pytest.raises(Misconfigured, match="is the data folder writable"):
        connect(tmp_path / "nowhere" / "t.db", ONE)


@pytest.mark.parametrize("rubbish", [bytes(8192), b"not a database" * 600])
def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path: Path, rubbish: bytes) -> None:
    """Zeros or other text in its place: one sentence with the path, and not a byte of it is changed."""
    path = tmp_path / "t.db"
    path.write_bytes(rubbish)
    with pytest.raises(Misconfigured, match=r"t\.db is damaged and was left as it is"):
        connect(path, ONE)
    assert path.read_bytes() == rubbish


def test_damage_that_shows_later_is_nobodys_fault(tmp_path: Path) -> None:
    """A page overwritten: who reads or writes it is told that the file is damaged, and to come again."""
    path = tmp_path / "t.db"
    db = connect(path, ONE)
    db.executemany("INSERT INTO t VALUES (?, ?)", [(n, bytes(3000)) for n in range(20)])
    db.close()
    with path.open("r+b") as file:
        file.seek(4096)  # the table's root
        file.write(b"\xff" * 4096)
    db = connect(path, ONE)
    writer = Writer(path, db, lambda: None)
    with pytest.raises(Unavailable, match=r"t\.db in the data folder is damaged"), errors(path):
        rows(db)
    with pytest.raises(Unavailable, match=r"t\.db in the data folder is damaged"):
        writer.submit(lambda: db.execute("INSERT INTO t (n) VALUES (99)")).result(10)
    writer.close()
    db.close()


def test_one_jobs_error_undoes_its_own_work_only(tmp_path: Path, db: sqlite3.Connection) -> None:
    """In one transaction: ours, SQLite's and an unexpected error each reach their caller; the others are stored."""
    gate = threading.Event()
    writer = Writer(tmp_path / "t.db", db, lambda: None)

    def insert(n: int, error: Exception | None = None) -> int:
        db.execute("INSERT INTO t (n) VALUES (?)", (n,))
        if error is not None:
            raise error
        return n

    first = writer.submit(lambda: gate.wait(10))  # what follows gathers behind it
    futures: list[Future[int]] = [
        writer.submit(lambda: insert(1)),
        writer.submit(lambda: insert(2, Invalid("no"))),
        writer.submit(lambda: insert(1)),
        writer.submit(lambda: insert(3, ZeroDivisionError())),
        writer.submit(lambda: insert(4)),
    ]
    gate.set()
    assert first.result(10)
    assert [type(f.exception(10)) for f in futures] == [
        type(None), Invalid, sqlite3.IntegrityError, ZeroDivisionError, type(None),
    ]  # fmt: skip
    writer.close()
    assert rows(db) == [1, 4]


def test_a_closed_writer_refuses_and_what_was_asked_before_is_done(tmp_path: Path, db: sqlite3.Connection) -> None:
    """Every caller gets an answer, however close() and submit() meet."""
    writer, futures, refused = Writer(tmp_path / "t.db", db, lambda: None), [], []

    def ask(start: int) -> None:
        for n in range(start, start + 200):
            try:
                futures.append(writer.submit(lambda n=n: db.execute("INSERT INTO t (n) VALUES (?)", (n,)).rowcount))
            except Unavailable:
                refused.append(n)

    threads = [threading.Thread(target=ask, args=(k * 1000,)) for k in range(4)]
    for thread in threads:
        thread.start()
    writer.close()
    for thread in threads:
        thread.join(10)
    assert [f.result(5) for f in futures] == [1] * len(futures)
    assert len(futures) + len(refused) == 800
    assert len(rows(db)) == len(futures)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_disk_refuses_and_goes_on_when_there_is_room(tiny: Path) -> None:
    """On a file system without room: DiskFull again and again, what was stored stays, and room is enough to go on."""
    path = tiny / "t.db"
    db = connect(path, ONE)
    writer = Writer(path, db, lambda: None)
    ballast = tiny / "ballast"
    ballast.write_bytes(bytes(500_000))
    stored, refused = [], 0
    for n in range(60):
        try:
            writer.submit(lambda n=n: db.execute("INSERT INTO t VALUES (?, ?)", (n, bytes(20_000)))).result(10)
            stored.append(n)
        except DiskFull:
            refused += 1
    assert stored
    assert refused > 20
    ballast.unlink()
    writer.submit(lambda: db.execute("INSERT INTO t VALUES (1000, ?)", (bytes(20_000),))).result(10)
    writer.close()
    assert rows(db) == [*stored, 1000]
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()


def test_an_error_at_the_commit_leaves_no_transaction_open(db: sqlite3.Connection, tmp_path: Path) -> None:
    """Else every later one would fail."""
    db.execute("CREATE TABLE child (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), errors(tmp_path), transaction(db):
        db.execute("INSERT INTO child VALUES (99)")  # noticed at COMMIT
    assert not db.in_transaction
    with transaction(db):
        db.execute("INSERT INTO t (n) VALUES (1)")
    assert rows(db) == [1]
