"""kill -9 of a reporting agent at any moment loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from agents.recorded_machines import FOLDER
from agents.scripted_door import Reply, ScriptedDoor, drop, enrolled_home, scripted_door, store_then_drop

from cmdb_agents.agent import Agent
from cmdb_agents.deliver import Verdict
from cmdb_agents.transports.recorded import Recorded

ROUNDS = int(os.environ.get("EPICENTRE_TEST_KILLS", "20"))
RECORDING = FOLDER / "systemd-host.json"


def troublesome(seed: int) -> Any:
    """A door that is slow at times, hangs up at times, and at times takes the report and hangs up."""
    rng = random.Random(seed)

    def act(door: ScriptedDoor, report: dict[str, Any]) -> Reply | None:
        door.script.append(act)
        chance = rng.random()
        if chance < 0.2:
            return drop(door, report)
        if chance < 0.4:
            return store_then_drop(door, report)
        if chance < 0.6:
            time.sleep(rng.uniform(0, 0.02))
        return door.take(report)

    return act


def spooled(home: Path) -> tuple[int, int, tuple[int, str] | None]:
    """(sequence, counter, what waits) on disk."""
    db = sqlite3.connect(home / "agent.db")
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    facts = dict(db.execute("SELECT name, value FROM fact WHERE name IN ('seq', 'counter')"))
    row = db.execute("SELECT seq, id FROM report").fetchone()
    db.close()
    return int(facts.get("seq", 0)), int(facts.get("counter", 0)), row


def test_kill_at_any_moment(tmp_path: Path) -> None:
    """After every kill the files are sound, no number runs backwards, nothing is known to the server that the agent
    has not committed; in the end every committed report was taken or replaced by a later whole one, each once."""
    seed = int(os.environ.get("EPICENTRE_TEST_SEED", time.time_ns() % 2**32))
    print(f"seed {seed}, {ROUNDS} kills (EPICENTRE_TEST_SEED, EPICENTRE_TEST_KILLS)")
    rng = random.Random(seed)
    with scripted_door(troublesome(seed)) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        before = (0, 0)
        for _ in range(ROUNDS):
            child = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("reporting_loop.py")), str(home.path), str(RECORDING)],
                stdout=subprocess.PIPE,
            )
            with child:
                assert child.stdout is not None
                assert child.stdout.readline() == b"ready\n"
                time.sleep(rng.uniform(0, 0.3))
                os.kill(child.pid, signal.SIGKILL)
            seq, counter, _ = spooled(home.path)
            taken = [r["seq"] for r in list(door.reports.values())]
            assert before <= (seq, counter)
            assert max(taken, default=0) <= seq
            assert max(door.counters, default=0) <= counter
            before = (seq, counter)
        door.script.clear()
        time.sleep(0.1)  # a request of the last agent may still be under way in the door
        agent = Agent(home, Recorded(RECORDING))
        assert Verdict.ACCEPTED is agent.cycle().outcome.verdict
        agent.close()
        final, _, waiting = spooled(home.path)
    assert waiting is None
    seqs = [r["seq"] for r in door.reports.values()]
    assert final == seqs[-1]
    assert sorted(set(seqs)) == seqs
    assert sorted(set(door.counters)) == door.counters
    assert door.complaints == []
    assert len(seqs) > ROUNDS / 2
