"""The spool and what else must survive, on a real file."""

from __future__ import annotations

import os
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
    """Reports of a large host, one after the other for as long as the server is away, take no more than one of them:
    three days are 4,320, and what is there after twenty is there after two hundred. What was seen on the way stays."""
    outbox, body = Outbox(tmp_path / "agent.db"), 2**18
    seen = {("app", f"tcp://10.0.0.9:{port}"): Known(1, 1, 0.7, True) for port in range(2_000)}
    sizes = []
    for n in range(200):
        outbox.put(lambda seq, _: Draft(str(seq), os.urandom(body), True, {}), seen)
        if n in (20, 199):
            sizes.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
    assert sizes[1] <= sizes[0] * 1.1
    assert sizes[1] < MAX_BYTES / 4
    assert outbox.connections() == seen
    waiting = outbox.waiting()
    assert waiting is not None
    assert waiting.seq == 200
    outbox.close()


def test_no_database_is_misconfigured(tmp_path: Path) -> None:
    """A state file that is none is named, and not overwritten."""
    (tmp_path / "agent.db").write_bytes(b"something else entirely, long enough to be no SQLite header" * 10)
    with pytest.raises(Misconfigured, match=r"agent\.db"):
        Outbox(tmp_path / "agent.db")


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.sampled_from(["put", "accept", "refuse", "full", "restart"]), max_size=25))
def test_base_is_always_what_was_acknowledged(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """In any order of events: numbers rise by one, and a delta builds only on hashes the front door has said yes to,
    with no other report between."""
    path = tmp_path_factory.mktemp("spool") / "agent.db"
    outbox, yes, count = Outbox(path), {}, 0
    for step in steps:
        waiting = outbox.waiting()
        if step == "put":
            seen: list[object] = []
            count += 1
            made = outbox.put(lambda seq, base, seen=seen: (seen.append(dict(base)), draft(str(seq)))[1], {})
            assert count == made.seq
            assert seen[0] in ({}, yes)
            assert waiting is None or seen == [{}]
        elif step == "restart":
            outbox.close()
            outbox = Outbox(path)
        elif waiting is not None:
            if step == "accept":
                outbox.accepted(waiting, "now")
                yes = dict(waiting.hashes)
            elif step == "refuse":
                outbox.refused(waiting, "no", "now")
            else:
                outbox.full_needed(waiting)
                yes = {}
            assert outbox.waiting() is None
    outbox.close()
