"""The spool and what else must survive, on a real file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.errors import DiskFull, Misconfigured
from cmdb_agents.memory import Known
from cmdb_agents.outbox import MAX_BYTES, QUARANTINE_KEEPS, Draft, Outbox, peek
from cmdb_agents.report import MAX_BODY


def draft(name: str) -> Draft:
    """A small report."""
    return Draft(name, name.encode(), False, {"host": name})


def test_connections_survive(tmp_path: Path) -> None:
    """The remembered connections are exactly those last put, also for `show`, which may not write."""
    table = {("a", "tcp://x:1"): Known(1, 2, 0.9, True), ("", "tcp://y:2"): Known(3, 4, 0.7, False)}
    outbox = Outbox(tmp_path / "agent.db")
    outbox.put(lambda seq, _: draft(str(seq)), {**table, ("b", "tcp://z:3"): Known(1, 1, 0.9, True)})
    outbox.put(lambda seq, _: draft(str(seq)), table)
    outbox.close()
    assert table == peek(tmp_path / "agent.db")
    again = Outbox(tmp_path / "agent.db")
    assert table == again.connections()
    again.close()
    assert peek(tmp_path / "nothing.db") == {}


def test_failure_while_composing_changes_nothing(tmp_path: Path) -> None:
    """A report that cannot be made leaves number, spool and memory as they were."""
    outbox = Outbox(tmp_path / "agent.db")
    outbox.put(lambda seq, _: draft(str(seq)), {})

    def fail(_seq: int, _acknowledged: object) -> Draft:
        raise ValueError("cannot")

    with pytest.raises(ValueError, match="cannot"):
        outbox.put(fail, {("a", "b"): Known(1, 1, 0.9, True)})
    waiting = outbox.waiting()
    assert waiting is not None
    assert waiting.seq == 1
    assert outbox.connections() == {}
    assert outbox.put(lambda seq, _: draft(str(seq)), {}).seq == 2
    outbox.close()


def test_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    """A report beyond the spool's bound is refused by name; what was there is still there."""
    outbox = Outbox(tmp_path / "agent.db")
    outbox.put(lambda _seq, _: draft("small"), {})
    with pytest.raises(DiskFull):
        outbox.put(lambda _seq, _: Draft("big", bytes(70 * 2**20), False, {}), {})
    waiting = outbox.waiting()
    assert waiting is not None
    assert waiting.id == "small"
    outbox.accepted(waiting, "now")
    outbox.close()


def test_quarantine_is_bounded(tmp_path: Path) -> None:
    """Only the newest refused reports are kept, all are counted."""
    outbox = Outbox(tmp_path / "agent.db")
    for n in range(QUARANTINE_KEEPS + 5):
        outbox.refused(outbox.put(lambda seq, _: draft(str(seq)), {}), f"reason {n}", "now")
    assert len(outbox.quarantine()) == QUARANTINE_KEEPS
    assert str(QUARANTINE_KEEPS + 5) == outbox.fact("refused")
    outbox.close()


def test_large_refused_reports_leave_room(tmp_path: Path) -> None:
    """However large what the front door refuses, the newest is kept aside and the next report is put."""
    outbox = Outbox(tmp_path / "agent.db")
    for n in range(6):
        body = bytes([n]) * (15 * 2**20)
        outbox.refused(outbox.put(lambda seq, _, body=body: Draft(str(seq), body, False, {}), {}), f"{n}", "now")
    assert [row["reason"] for row in outbox.quarantine()] == ["5"]
    outbox.put(lambda _seq, _: Draft("largest", bytes(MAX_BODY), False, {}), {})
    outbox.close()
    assert (tmp_path / "agent.db").stat().st_size <= MAX_BYTES


def test_days_without_a_server_fit(tmp_path: Path) -> None:
    """However many changes of a large host wait, the state stays within its bound, the newest is there, and what was
    seen on the way stays."""
    outbox, body = Outbox(tmp_path / "agent.db"), 2**21
    seen = {("app", f"tcp://10.0.0.9:{port}"): Known(1, 1, 0.7, True) for port in range(2_000)}
    for _ in range(30):
        outbox.put(lambda seq, _: Draft(str(seq), os.urandom(body), True, {"host": str(seq)}), seen)
    assert (tmp_path / "agent.db").stat().st_size <= MAX_BYTES
    assert outbox.connections() == seen
    last = None
    while waiting := outbox.waiting():
        last = waiting.seq
        outbox.accepted(waiting, "now")
    assert last == 30
    outbox.close()


def test_no_database_is_misconfigured(tmp_path: Path) -> None:
    """A state file that is none is named, and not overwritten."""
    (tmp_path / "agent.db").write_bytes(b"something else entirely, long enough to be no SQLite header" * 10)
    with pytest.raises(Misconfigured, match=r"agent\.db"):
        Outbox(tmp_path / "agent.db")


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.sampled_from(["put", "again", "accept", "refuse", "full", "restart"]), max_size=40))
def test_every_report_builds_on_what_comes_before_it(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """In any order of events: reports wait in the order they were made, numbers rise by one, and a delta builds only
    on the report that waits before it, else on what the front door has said yes to; what says nothing new is not kept.
    """
    path = tmp_path_factory.mktemp("spool") / "agent.db"
    outbox, yes, count = Outbox(path), {}, 0
    queue: list[tuple[dict[str, str], bool]] = []  # hashes of what waits, and whether it is whole
    for step in steps:
        waiting = outbox.waiting()
        assert outbox.spooled()[0] == len(queue)
        if step == "put" or (step == "again" and queue):
            name = str(count + 1) if step == "put" else queue[-1][0]["host"]
            seen: list[dict[str, str]] = []
            made = outbox.put(lambda _seq, base, seen=seen, name=name: (seen.append(dict(base)), draft(name))[1], {})
            assert seen[0] in ({}, queue[-1][0] if queue else yes)
            assert len(queue) != 1 or queue[0][1] or seen == [{}]  # behind a delta that waits comes a whole one
            if step == "put":
                count += 1
                queue.append((dict(made.hashes), seen == [{}]))
            assert made.seq == count
        elif step == "restart":
            outbox.close()
            outbox = Outbox(path)
        elif waiting is not None:
            (hashes, _), *rest = queue
            assert dict(waiting.hashes) == hashes
            if step == "accept":
                outbox.accepted(waiting, "now")
                yes, queue = hashes, rest
            elif step == "refuse":
                outbox.refused(waiting, "no", "now")
                queue = rest
            else:
                outbox.full_needed(waiting)
                yes, queue = {}, rest[next((n for n, one in enumerate(rest) if one[1]), len(rest)) :]
    outbox.close()


def test_a_spool_that_is_full_lets_the_oldest_go(tmp_path: Path) -> None:
    """The newest state is always kept, what builds on a report that had to go goes with it, and it is counted."""
    outbox = Outbox(tmp_path / "agent.db", most_waiting=1000)

    def large(seq: int, base: Mapping[str, str]) -> Draft:
        return Draft(str(seq), bytes(90 if base else 300), False, {"host": str(seq)})

    for _ in range(60):
        outbox.put(large, {})
        assert outbox.spooled()[1] <= 1000
    kept: list[int] = []
    while waiting := outbox.waiting():
        assert kept or len(waiting.body) == 300  # what is left begins with a whole one
        kept.append(waiting.seq)
        outbox.accepted(waiting, "now")
    assert kept == list(range(kept[0], 61))
    assert int(outbox.fact("dropped")) == 60 - len(kept)
    outbox.close()


def test_the_state_of_an_earlier_agent_is_taken_over(tmp_path: Path) -> None:
    """Its waiting report is delivered first; behind it comes a whole one, for nobody knows what it was."""
    path = tmp_path / "agent.db"
    Outbox(path).close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE report DROP COLUMN whole")
        db.execute("INSERT INTO report VALUES ('old', 7, 'x', 0, '{}')")
        db.execute("INSERT INTO fact VALUES ('seq', '7'), ('since_full', '2')")
    db.close()
    outbox, bases = Outbox(path), list[object]()
    outbox.put(lambda _seq, base: (bases.append(base), draft("new"))[1], {})
    assert outbox.spooled()[0] == 2
    assert bases == [{}]
    first = outbox.waiting()
    assert first is not None
    assert first.id == "old"
    outbox.close()
