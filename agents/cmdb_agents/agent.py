"""The agent at work: one cycle is look, commit, deliver; `keep_reporting` repeats it until told to stop."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random

from cmdb.errors import EpicentreError
from cmdb.stop import Stop
from cmdb_agents import report, rotate
from cmdb_agents.deliver import Outcome, Verdict
from cmdb_agents.front_door import DEADLINE_SECONDS, FrontDoor
from cmdb_agents.home import Enrolled, Home
from cmdb_agents.moments import iso
from cmdb_agents.outbox import Outbox
from cmdb_agents.reporter import Pace, Reporter
from cmdb_agents.run import read, sections, unseen
from cmdb_agents.signing import Signer
from cmdb_agents.transports.footprint import cpu_ms, memory_kib
from cmdb_agents.transports.readings import Transport


@dataclass(frozen=True, slots=True)
class Cost:
    """What one cycle took: CPU of the agent and its children, memory of the agent, bytes of report bodies."""

    cpu_ms: float
    resident_mib: float
    peak_mib: float
    sent_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.cpu_ms:.0f} ms CPU, {self.resident_mib:.1f} MiB resident (peak {self.peak_mib:.1f}), "
            f"{self.sent_bytes} bytes sent"
        )


@dataclass(frozen=True, slots=True)
class Cycle:
    """One report: how it ended, what it held, what could not be seen, what it cost."""

    seq: int
    outcome: Outcome
    sections: int
    whole: int
    unseen: tuple[str, ...]
    cost: Cost


class Agent:
    """Bound to one home; use within the home's lock. `apart`: TLS in children."""

    def __init__(
        self,
        home: Home,
        transport: Transport,
        *,
        clock: Callable[[], float] = time.time,
        deadline: float | None = None,
        apart: bool = False,
    ) -> None:
        enrolled = home.whose()
        self._enrolled: Enrolled = enrolled
        self._home, self._signer = home, Signer(enrolled.key_id, home.seed(enrolled.key_file))
        self._rotation_tried = 0.0
        self.door = FrontDoor(
            enrolled.url,
            allow_plain_http=enrolled.allow_plain_http,
            apart=home.authorities if apart else None,
            deadline=DEADLINE_SECONDS if deadline is None else deadline,
        )
        self._transport, self._clock = transport, clock
        self.outbox = Outbox(home.database)

    def cycle(self) -> Cycle:
        """Look, commit, deliver; a report that is not taken stays in the spool."""
        before = cpu_ms()
        now = self._clock()
        view = read(self._transport, self.outbox.connections(), int(now))
        stated = report.state(sections(view))
        reporter = Reporter(self._enrolled.node, self.outbox, self.door, self._signer, self._clock)
        outcome, seq, whole = reporter.report(stated, view.machine.platform.boot_id, view.known, now)
        if outcome.verdict is Verdict.ACCEPTED:
            self._rotate(now)
        resident, peak = memory_kib()
        cost = Cost(cpu_ms() - before, resident / 1024, peak / 1024, outcome.sent)
        done = Cycle(seq, outcome, len(stated), whole, unseen(view), cost)
        last = {
            "at": iso(now),
            "outcome": outcome.verdict,
            "message": outcome.message,
            "unseen": done.unseen,
            "cost": asdict(cost),
        }
        self.outbox.note("last_cycle", json.dumps(last))
        return done

    def _rotate(self, now: float) -> None:
        """A new key where the old one is due; what goes wrong with it costs no report."""
        if not rotate.due(self._enrolled, now, self._rotation_tried):
            return
        self._rotation_tried = now
        try:
            made = rotate.rotate(self._home, self.door, self.outbox, self._enrolled, self._clock())
        except EpicentreError as error:
            _log(f"key not changed: {error.message}")
            return
        if made is not None:
            self._enrolled, self._signer = made, Signer(made.key_id, self._home.seed(made.key_file))
            _log(f"key changed: {made.key_id}")

    def close(self) -> None:
        """Close the state."""
        self.outbox.close()


def keep_reporting(agent: Agent, interval: float, first_splay: float, stop: Stop, rng: Random) -> None:
    """Report until `stop` is set; after a failure wait by the back-off rule instead of the interval."""
    pace = Pace(interval, rng)
    # A fresh node reports at once, so that people see it; after that a fleet that starts together spreads out.
    wait = rng.uniform(0, first_splay) if agent.outbox.fact("last_accepted") else 0.0
    while not stop.wait(wait):
        try:
            done = agent.cycle()
        except EpicentreError as error:
            _log(f"error {error.message}")
            wait = pace.stumbled()
            continue
        _log(line(done))
        wait = pace.next(done.outcome)


def line(done: Cycle) -> str:
    """One log line of a cycle."""
    return (
        f"seq={done.seq} {done.outcome.verdict.replace(' ', '_')} sections={done.sections} whole={done.whole} "
        f"sent_bytes={done.cost.sent_bytes} cpu_ms={done.cost.cpu_ms:.0f} rss_mib={done.cost.resident_mib:.1f}"
        + ("" if done.outcome.verdict is Verdict.ACCEPTED else f" reason={json.dumps(done.outcome.message)}")
    )


def _log(text: str) -> None:
    sys.stderr.write(f"{iso(time.time())} {text}\n")
    sys.stderr.flush()
