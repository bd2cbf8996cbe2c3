"""The inbox: durable before acknowledged, once, in order, and nothing lost to refusals or crashes."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from support.reports import host, report, services

from cmdb import sqlite
from cmdb.errors import DiskFull, FullNeeded, Invalid, Misconfigured, NotAuthenticated, Overloaded, UnknownName
from cmdb.inbox import KEPT_IDS, MIGRATIONS, Inbox, Receipt
from cmdb.words import Snapshot


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """A fresh inbox."""
    opened = Inbox(tmp_path / "inbox.db")
    yield opened
    opened.close()


def send(inbox: Inbox, snapshot: Snapshot, counter: int) -> Receipt:
    """Accept a report as the node's request number `counter`."""
    return inbox.accept(snapshot.node, counter, snapshot, orjson.dumps(snapshot.report_id))


def test_reports_come_out_in_the_order_they_went_in_and_stay_until_done(inbox: Inbox) -> None:
    """The oldest first; looking does not take it."""
    for n in (1, 2):
        assert send(inbox, report(n, host()), n).status == "stored"
    first = inbox.next()
    assert first is not None
    assert inbox.next() == first
    inbox.done(first.row)
    second = inbox.next()
    assert second is not None
    assert (first.report_id, second.report_id) == ("report-nd_1-1", "report-nd_1-2")
    assert inbox.depth() == 1


def test_a_known_report_is_acknowledged_again_and_not_queued_twice(inbox: Inbox) -> None:
    """The sender that missed our answer sends again, under a new request number."""
    send(inbox, report(1, host()), 1)
    assert send(inbox, report(1, host()), 2) == Receipt("report-nd_1-1", 1, "known")
    assert inbox.depth() == 1


def test_a_request_number_is_good_once_for_ever(inbox: Inbox) -> None:
    """The same or a lower number is a replay, whatever it carries."""
    send(inbox, report(1, host()), 5)
    for counter in (5, 4, 1):
        with pytest.raises(NotAuthenticated) as caught:
            send(inbox, report(2, host()), counter)
        assert caught.value.code == "replayed"
    assert inbox.depth() == 1


def test_an_unchanged_report_queues_nothing_and_renews_what_was_seen(inbox: Inbox) -> None:
    """A delta on a known base costs no graph write."""
    section = host()
    send(inbox, report(1, section), 1)
    assert send(inbox, report(2, unchanged=[section]), 2).status == "unchanged"
    assert inbox.depth() == 1
    assert set(inbox.seen(["nd_1/host", "nd_1/none"])) == {"nd_1/host"}


def test_a_delta_on_an_unknown_base_is_asked_for_everything_and_its_number_stays_used(inbox: Inbox) -> None:
    """What is built on nothing is refused by the sections' names; the request cannot be replayed later."""
    with pytest.raises(FullNeeded, match="host, services"):
        send(inbox, report(2, unchanged=[host(), services()]), 1)
    with pytest.raises(NotAuthenticated):
        send(inbox, report(2, host(), services()), 1)


def test_the_third_failure_quarantines_and_asks_the_node_for_everything(inbox: Inbox) -> None:
    """Poison is kept with its reason, the rest goes on, and no delta builds on what never arrived."""
    section = host()
    send(inbox, report(1, section), 1)
    send(inbox, report(1, host(), node="nd_2"), 1)
    poison = inbox.next()
    assert poison is not None
    for n in range(3):
        inbox.failed(poison.row, f"reason {n}")
    (kept,) = inbox.quarantine()
    assert (kept.report_id, kept.reason) == ("report-nd_1-1", "reason 2")
    after = inbox.next()
    assert after is not None
    assert after.node == "nd_2"
    with pytest.raises(FullNeeded):
        send(inbox, report(2, unchanged=[section]), 2)
    inbox.replay(kept.row)
    assert inbox.quarantine() == []
    assert inbox.depth() == 2
    with pytest.raises(UnknownName):
        inbox.replay(kept.row)


def test_only_the_newest_report_of_a_held_node_is_kept_and_released(inbox: Inbox) -> None:
    """While a person has not decided, newer replaces older; release queues it again."""
    for n in (1, 2):
        send(inbox, report(n, host()), n)
        queued = inbox.next()
        assert queued is not None
        inbox.hold(queued.row, "two agents")
    assert [k.report_id for k in inbox.held()] == ["report-nd_1-2"]
    assert inbox.depth() == 0
    inbox.release("nd_1")
    assert inbox.depth() == 1


def test_a_full_queue_refuses_but_still_takes_unchanged_reports(tmp_path: Path) -> None:
    """Overload is said with a time to come back, and loses nothing that was taken."""
    inbox = Inbox(tmp_path / "small.db", max_queued=1)
    section = host()
    send(inbox, report(1, section), 1)
    with pytest.raises(Overloaded):
        send(inbox, report(2, section), 2)
    assert send(inbox, report(2, unchanged=[section]), 3).status == "unchanged"
    inbox.close()


def test_a_full_disk_refuses_and_recovers_by_itself(tmp_path: Path) -> None:
    """No room means a clear refusal; with room again it goes on, and what was taken is there."""
    inbox = Inbox(tmp_path / "inbox.db")
    send(inbox, report(1, host()), 1)
    pages = inbox._db.execute("PRAGMA page_count").fetchone()[0]
    inbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        inbox.accept("nd_1", 2, report(2, host()), b"x" * 100_000)
    inbox._db.execute("PRAGMA max_page_count = 1000000")
    assert inbox.accept("nd_1", 3, report(2, host()), b"x" * 100_000).status == "stored"
    assert inbox.depth() == 2
    inbox.close()


def test_an_id_that_still_waits_is_known_though_its_row_was_pruned(inbox: Inbox) -> None:
    """Long after, with Neo4j down meanwhile: the old report sent again is neither queued twice nor an error."""
    send(inbox, report(1, host()), 1)
    send(inbox, report(1 + 2 * KEPT_IDS, host("later")), 2)
    assert inbox._read("SELECT seq FROM report WHERE node = ?", ("nd_1",))[0]["seq"] == 1 + 2 * KEPT_IDS
    assert send(inbox, report(1, host()), 3).status == "known"
    assert inbox.depth() == 2


def test_an_older_report_that_comes_late_is_stored_and_is_no_base(inbox: Inbox) -> None:
    """The applier decides by sequence; what the newest report said stays the base of the next delta."""
    new, old = host("new"), host("old")
    send(inbox, report(5, new), 1)
    assert send(inbox, report(4, old), 2).status == "stored"
    assert send(inbox, report(6, unchanged=[new]), 3).status == "unchanged"
    with pytest.raises(FullNeeded):
        send(inbox, report(7, unchanged=[old]), 4)


def test_a_report_id_belongs_to_the_node_that_used_it(inbox: Inbox) -> None:
    """Another node is told so: taken for known, its report would be lost."""
    first = report(1, host())
    send(inbox, first, 1)
    with pytest.raises(Invalid, match="another node"):
        send(inbox, replace(report(1, host(), node="nd_2"), report_id=first.report_id), 1)
    assert inbox.depth() == 1


def test_what_was_queued_is_delivered_again_after_a_restart_until_done(tmp_path: Path) -> None:
    """Between the graph's commit and done() may lie a crash: the report must come again."""
    inbox = Inbox(tmp_path / "inbox.db")
    send(inbox, report(1, host()), 1)
    first = inbox.next()
    inbox.close()
    again = Inbox(tmp_path / "inbox.db")
    assert again.next() == first
    assert again.depth() == 1
    assert first is not None
    again.done(first.row)
    again.done(first.row)
    assert again.next() is None
    again.close()


def test_the_counts_follow_every_move(inbox: Inbox) -> None:
    """Queued, held and quarantined are exact without counting rows, also after a restart of an older file."""
    for n in range(1, 5):
        send(inbox, report(n, host(f"h{n}")), n)
    rows = [row["row"] for row in inbox._read("SELECT row FROM queue ORDER BY row", ())]
    inbox.done(rows[0])
    inbox.hold(rows[1], "who?")
    for _ in range(3):
        inbox.failed(rows[2], "bad")
    assert inbox.counts() == {"queued": 1, "held": 1, "quarantined": 1}
    inbox.release("nd_1")
    inbox.replay(rows[2])
    assert inbox.counts() == {"queued": 3, "held": 0, "quarantined": 0}


def test_an_inbox_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    """What waited in it is counted and delivered."""
    path = tmp_path / "inbox.db"
    old = sqlite.connect(path, MIGRATIONS[:1])
    old.execute("INSERT INTO queue (id, node, raw, at) VALUES ('r1', 'nd_1', x'7b7d', '2026-01-01T00:00:00Z')")
    old.close()
    inbox = Inbox(path)
    assert inbox.counts() == {"queued": 1, "held": 0, "quarantined": 0}
    waiting = inbox.next()
    assert waiting is not None
    assert (waiting.report_id, waiting.raw) == ("r1", b"{}")
    inbox.close()


def test_many_senders_at_once_each_get_their_own_answer(inbox: Inbox) -> None:
    """Group commit mixes nothing up: good and refused requests in one transaction stay apart."""
    outcomes: dict[str, str] = {}

    def one(n: int) -> None:
        snapshot = report(1, host(), node=f"nd_{n}") if n % 3 else report(1, unchanged=[host()], node=f"nd_{n}")
        try:
            outcomes[snapshot.node] = send(inbox, snapshot, 1).status
        except FullNeeded:
            outcomes[snapshot.node] = "full"

    threads = [threading.Thread(target=one, args=(n,)) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes == {f"nd_{n}": "stored" if n % 3 else "full" for n in range(60)}
    assert inbox.depth() == 40


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    """A schema from the future is left alone, and the sentence says what to do."""
    path = tmp_path / "inbox.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(Misconfigured, match="newer Epicentre"):
        Inbox(path)


CHILD = """
import sys
from pathlib import Path
from support.reports import host, report
from cmdb.inbox import Inbox
inbox = Inbox(Path(sys.argv[1]))
for n in range(int(sys.argv[2]), 1_000_000):
    inbox.accept("nd_1", n, report(n, host(f"h{n}")), b"{}")
    print(n, flush=True)
"""


def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path) -> None:
    """Killed at random moments, every acknowledged report is there, and none twice."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    path, acknowledged = tmp_path / "inbox.db", 0
    tests = str(Path(__file__).parents[1])
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(acknowledged + 1)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": tests},
        )
        assert child.stdout is not None
        for _ in range(rng.randrange(1, 80)):
            acknowledged = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        child.stdout.close()
        child.wait(10)
        with sqlite3.connect(path) as db:
            ids = [row[0] for row in db.execute("SELECT id FROM queue ORDER BY row")]
        db.close()
        # One more may be on disk whose acknowledgement was still on its way.
        assert len(ids) == len(set(ids))
        assert set(ids) >= {f"report-nd_1-{n}" for n in range(1, acknowledged + 1)}
        acknowledged = len(ids)
