"""A cycle of the agent against a real server with scripted answers."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
from agents.recorded_machines import FOLDER
from agents.scripted_door import (
    ScriptedDoor,
    drop,
    enrolled_home,
    error,
    hang,
    scripted_door,
    store_then_drop,
)

from cmdb.stop import Stop
from cmdb_agents.agent import Agent, keep_reporting
from cmdb_agents.deliver import Verdict, judge
from cmdb_agents.front_door import Answer
from cmdb_agents.report import FULL_EVERY
from cmdb_agents.run import all_collectors
from cmdb_agents.transports.readings import Machine
from cmdb_agents.transports.recorded import Recorded


class Changing:
    """A recorded machine whose kernel release a test may change between two looks."""

    def __init__(self) -> None:
        self._machine = Recorded(FOLDER / "systemd-host.json").read()
        self.kernel = "6.1.0"

    def read(self) -> Machine:
        """The machine with its present kernel."""
        return replace(self._machine, platform=replace(self._machine.platform, kernel=self.kernel))


@contextmanager
def agent_at(door: ScriptedDoor, path: Path, **more: Any) -> Iterator[tuple[Agent, Changing]]:
    """An agent of its own home that reports to the door."""
    machine = Changing()
    agent = Agent(enrolled_home(path / "home", door.url), machine, **more)
    try:
        yield agent, machine
    finally:
        agent.close()


def whole(report: dict[str, Any]) -> set[str]:
    """The sections that travelled with their body."""
    return {name for name, section in report["sections"].items() if len(section) > 1}


ALL = set(all_collectors())


def test_first_is_full_then_only_changes_travel(tmp_path: Path) -> None:
    """The first report is whole, an unchanged one is hashes under 2 KiB, a changed section travels alone."""
    with scripted_door() as door, agent_at(door, tmp_path) as (agent, machine):
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        idle = agent.cycle()
        machine.kernel = "6.1.1"
        agent.cycle()
        reports = list(door.reports.values())
    assert [ALL, set(), {"host"}] == [whole(r) for r in reports]
    assert [r["seq"] for r in reports] == [1, 2, 3]
    assert idle.cost.sent_bytes < 2048
    assert door.complaints == []


def test_every_fourteenth_is_full(tmp_path: Path) -> None:
    """Without any change a whole report still comes every fourteenth time, so that errors do not live for ever."""
    with scripted_door() as door, agent_at(door, tmp_path) as (agent, _):
        for _ in range(2 * FULL_EVERY + 1):
            agent.cycle()
        full = [r["seq"] for r in door.reports.values() if whole(r) == ALL]
    assert full == [1, 1 + FULL_EVERY, 1 + 2 * FULL_EVERY]


def test_full_on_request(tmp_path: Path) -> None:
    """A server that lost its base asks, and has a whole report in the same cycle under a new number."""
    with scripted_door() as door, agent_at(door, tmp_path) as (agent, _):
        agent.cycle()
        door.hashes.clear()
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        last = list(door.reports.values())[-1]
    assert (last["seq"], whole(last)) == (3, ALL)


def test_restart_keeps_the_numbers(tmp_path: Path) -> None:
    """After a restart sequence and counter go on rising and the acknowledged hashes are still known."""
    with scripted_door() as door:
        for _ in range(3):
            with agent_at(door, tmp_path) as (agent, _):
                assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert [r["seq"] for r in door.reports.values()] == [1, 2, 3]
        assert sorted(set(door.counters)) == door.counters
        assert set() == whole(list(door.reports.values())[-1])


@pytest.mark.parametrize("act", [drop, error(503, "overloaded"), error(507, "disk_full"), error(500, "oops")])
def test_what_changes_while_nobody_takes_it_is_all_kept(tmp_path: Path, act: Any) -> None:
    """A report nobody took waits, each change behind it, the first of them whole; a look without change adds none.
    They come in order, each once."""
    with scripted_door(*[act] * 5) as door, agent_at(door, tmp_path) as (agent, machine):
        for kernel in ("a", "b", "c", "c", "d"):
            machine.kernel = kernel
            assert Verdict.LATER is agent.cycle().outcome.verdict
        assert agent.outbox.spooled()[0] == 4
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert agent.outbox.waiting() is None
        told = [(r["seq"], r["sections"]["host"]["items"][0]["attributes"]["kernel"]) for r in door.reports.values()]
        assert told == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
        assert [whole(r) for r in door.reports.values()] == [ALL, {"host"}, {"host"}, {"host"}]
    assert door.complaints == []


def test_an_unknown_base_after_an_outage_costs_what_builds_on_it(tmp_path: Path) -> None:
    """A server that comes back without its memory has the whole report of the outage and all that follows it."""
    with scripted_door() as door, agent_at(door, tmp_path) as (agent, machine):
        agent.cycle()
        door.script += [drop] * 3
        for kernel in ("a", "b", "c"):
            machine.kernel = kernel
            agent.cycle()
        door.hashes.clear()
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert [(r["seq"], whole(r)) for r in door.reports.values()] == [(1, ALL), (3, ALL), (4, {"host"})]


def test_taken_but_unanswered_does_no_harm(tmp_path: Path) -> None:
    """The answer to a taken report was lost: it is sent again and known; what changes goes on behind it."""
    with scripted_door(store_then_drop) as door, agent_at(door, tmp_path) as (agent, machine):
        assert Verdict.LATER is agent.cycle().outcome.verdict
        machine.kernel = "6.1.1"
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert [r["seq"] for r in door.reports.values()] == [1, 2]
        assert door.complaints == []


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refused_is_quarantined_and_never_sent_again(tmp_path: Path, status: int) -> None:
    """What the server will never take is put aside, counted, and not repeated; the next report goes its way."""
    with scripted_door(error(status, "invalid")) as door, agent_at(door, tmp_path) as (agent, _):
        assert Verdict.REFUSED is agent.cycle().outcome.verdict
        assert agent.outbox.waiting() is None
        assert agent.outbox.fact("refused") == "1"
        (kept,) = agent.outbox.quarantine()
        assert f"{status} invalid" in kept["reason"]
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert len(door.bodies) == 2
        assert kept["id"] not in door.reports


@pytest.mark.parametrize("years", [-10, 10])
def test_skewed_clock_is_mended_once(tmp_path: Path, years: int) -> None:
    """With a clock ten years off the agent signs by the server's time, in the same cycle and ever after."""
    with scripted_door(clock_ahead=years * 365 * 86400.0) as door, agent_at(door, tmp_path) as (agent, _):
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert len(door.bodies) == 2


def test_skewed_for_ever_ends(tmp_path: Path) -> None:
    """A server that calls every time skewed is asked twice and then waited for."""
    always = [error(401, "skewed")] * 5
    with scripted_door(*always) as door, agent_at(door, tmp_path) as (agent, _):
        assert Verdict.NOT_LET_IN is agent.cycle().outcome.verdict
        assert len(door.bodies) <= 2


def test_counter_of_an_old_backup_leaps_ahead(tmp_path: Path) -> None:
    """A home restored from a backup has a counter the server has seen; the agent leaps over it by itself."""
    with scripted_door() as door, agent_at(door, tmp_path) as (agent, _):
        agent.cycle()
        door.counters.append(1_000_000)
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        assert door.counters[-1] > 1_000_000


@pytest.mark.parametrize("code", ["revoked", "unsigned", "bad_signature"])
def test_not_let_in_keeps_the_report(tmp_path: Path, code: str) -> None:
    """An agent that is not let in says so, keeps its report and does not hammer."""
    with scripted_door(error(401, code)) as door, agent_at(door, tmp_path) as (agent, _):
        done = agent.cycle()
        assert (Verdict.NOT_LET_IN, f"scripted {code}") == (done.outcome.verdict, done.outcome.message)
        assert agent.outbox.waiting() is not None
        assert len(door.bodies) == 1


def test_hanging_server_costs_its_deadline(tmp_path: Path) -> None:
    """A server that says nothing is left after the deadline."""
    with scripted_door(hang(3.0)) as door, agent_at(door, tmp_path, deadline=0.5) as (agent, _):
        started = time.monotonic()
        assert Verdict.LATER is agent.cycle().outcome.verdict
        assert time.monotonic() - started < 2.5


def test_nobody_there(tmp_path: Path) -> None:
    """Without a server the report is kept and the sentence names the address."""
    with scripted_door() as door:
        gone = door.url
    agent = Agent(enrolled_home(tmp_path / "home", gone), Changing())
    done = agent.cycle()
    assert Verdict.LATER is done.outcome.verdict
    assert gone in done.outcome.message
    assert agent.outbox.waiting() is not None
    agent.close()


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [(202, {}, Verdict.ACCEPTED), (200, {}, Verdict.ACCEPTED), (429, {}, Verdict.LATER), (503, {}, Verdict.LATER),
     (507, {}, Verdict.LATER), (404, {}, Verdict.LATER), (301, {}, Verdict.LATER), (403, {}, Verdict.NOT_LET_IN),
     (409, {"error": {"code": "full_needed"}}, Verdict.FULL_NEEDED), (409, {"error": {"code": "x"}}, Verdict.LATER),
     (409, {"error": "nonsense"}, Verdict.LATER)],
)  # fmt: skip
def test_contract_table(status: int, body: dict[str, Any], verdict: Verdict) -> None:
    """Each answer of the ingest contract has one meaning; unknown ones never lose a report."""
    assert verdict is judge(Answer(status, body))


def test_keep_reporting_honours_retry_after(tmp_path: Path) -> None:
    """Told to come back in two seconds, the loop comes no earlier, and then at once reports again."""
    times: list[float] = []

    def overloaded(_door: ScriptedDoor, _report: dict[str, Any]) -> Any:
        times.append(time.monotonic())
        return 503, {"error": {"code": "overloaded", "message": "later"}}, {"Retry-After": "2"}

    stop = Stop()
    with scripted_door(overloaded) as door:
        home = enrolled_home(tmp_path / "home", door.url)

        def work() -> None:
            agent = Agent(home, Changing())
            keep_reporting(agent, 60.0, 0.0, stop, Random(1))
            agent.close()

        thread = Thread(target=work)
        thread.start()
        deadline = time.monotonic() + 20
        while not door.reports and time.monotonic() < deadline:
            time.sleep(0.02)
        arrived = time.monotonic()
        stop.set()
        thread.join(10)
    assert len(door.reports) == 1
    assert 1.9 <= arrived - times[0] <= 6


class Noted(Stop):
    """Notes how long it is asked to wait, and ends the loop after some waits."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        """At once."""
        self.waits.append(timeout or 0.0)
        return len(self.waits) > self._most


def test_a_fleet_that_starts_together_spreads_out(tmp_path: Path) -> None:
    """A node that is new reports at once; after a restart agents wait up to the splay, each another time, and then
    within a tenth of the interval."""
    with scripted_door() as door, agent_at(door, tmp_path) as (agent, _):
        new = Noted(1)
        keep_reporting(agent, 60.0, 30.0, new, Random(1))
        assert new.waits[0] == 0.0
        assert 54 <= new.waits[1] <= 66
        waits = []
        for seed in range(40):
            again = Noted(0)
            keep_reporting(agent, 60.0, 30.0, again, Random(seed))
            waits += again.waits
    assert 0 <= min(waits) < 6
    assert 24 < max(waits) <= 30
    assert len(door.reports) == 1


def test_waits_of_a_failing_agent_grow_with_jitter(tmp_path: Path) -> None:
    """While nobody answers the bound of the waits doubles; a report that is let in again brings the interval back."""
    with scripted_door(*[error(503, "overloaded")] * 6) as door, agent_at(door, tmp_path) as (agent, _):
        noted = Noted(8)
        keep_reporting(agent, 60.0, 0.0, noted, Random(4))
    failed, rest = noted.waits[1:7], noted.waits[7:]
    assert all(0 <= wait <= 2.0 * 2**n for n, wait in enumerate(failed))
    assert len(set(failed)) == len(failed)
    assert all(54 <= wait <= 66 for wait in rest)


def test_state_is_durable_and_bounded(tmp_path: Path) -> None:
    """The spool's file is WAL and bounded to 64 MiB; what waits is the very body that was sent."""
    with scripted_door(drop) as door, agent_at(door, tmp_path) as (agent, _):
        agent.cycle()
        waiting = agent.outbox.waiting()
        assert waiting is not None
        assert waiting.body == door.bodies[0]
        db = sqlite3.connect(tmp_path / "home" / "agent.db")
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        db.close()
        report = json.loads(zlib.decompress(waiting.body, 31))
        assert report["node"] == "nd_test"
