"""A day without the server: what the agent saw meanwhile is in the graph's history afterwards, all of it, in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from agents.recorded_machines import FOLDER
from support.front_door import Door, front_door

from cmdb.moments import iso
from cmdb.store import Store
from cmdb_agents.agent import Agent
from cmdb_agents.deliver import Verdict
from cmdb_agents.front_door import FrontDoor
from cmdb_agents.home import Enrolled, Home
from cmdb_agents.transports.readings import Machine
from cmdb_agents.transports.recorded import Recorded

pytestmark = [pytest.mark.slow, pytest.mark.neo4j, pytest.mark.timeout(300)]

MINUTES, EVERY = 1440, 15
MOUNTED = range(601, 658)
"""The minutes in which a disk was there that nobody would know of otherwise."""


@dataclass
class Day:
    """A machine, and the clock of everybody: minute by minute, a day that ends an hour ago."""

    begin: float
    minute: int = 0

    def __post_init__(self) -> None:
        self._machine = Recorded(FOLDER / "systemd-host.json").read()

    def now(self) -> float:
        """Unix seconds."""
        return self.begin + 60 * self.minute

    def kernel(self) -> str:
        """What changes every quarter of an hour."""
        return f"6.1.{self.minute // EVERY}"

    def read(self) -> Machine:
        """The machine at this minute."""
        mounts = self._machine.mounts
        if self.minute in MOUNTED:
            mounts = (*mounts, replace(mounts[0], mount_point="/mnt/rescue", device="/dev/sdz1", number="9:99"))
        platform = replace(self._machine.platform, kernel=self.kernel())
        return replace(self._machine, platform=platform, mounts=mounts)


@contextmanager
def server(folder: Path, store: Store) -> Iterator[Door]:
    """A real server on the same data each time; what it was told is applied when it goes."""
    with front_door(folder, store) as door:
        yield door
        while door.services.applier.step():
            pass


def test_a_days_outage_is_replayed_without_loss(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,440 looks at a changing host while nobody takes them: each change is in its history, once, in its order, with
    its time; also what came and went meanwhile; in the end the graph has what is true now, and nothing waits."""
    day = Day(time.time() - 60 * (MINUTES + 60))
    monkeypatch.setattr("cmdb_graphql.signatures.time", SimpleNamespace(time=day.now))
    with server(tmp_path / "server", store) as door:
        sender, home = door.enrolled(), Home(tmp_path / "agent")
        home.make()
        url = f"http://127.0.0.1:{door.port}"
        home.keep(Enrolled(url, sender.node, sender.node, key_since=10**11), bytes(sender.key))
        agent = Agent(home, day, clock=day.now)
        assert agent.cycle().outcome.verdict is Verdict.ACCEPTED
    expected = [(day.kernel(), day.now())]
    for day.minute in range(1, MINUTES + 1):
        assert agent.cycle().outcome.verdict is Verdict.LATER
        if day.kernel() != expected[-1][0]:
            expected.append((day.kernel(), day.now()))
    reports, size = agent.outbox.spooled()
    assert len(expected) + 1 <= reports <= 200, "each change waits, and little else"
    assert size < 4 * 2**20
    with server(tmp_path / "server", store) as door:
        agent.door = FrontDoor(f"http://127.0.0.1:{door.port}")
        assert agent.cycle().outcome.verdict is Verdict.ACCEPTED
        assert (agent.outbox.waiting(), agent.outbox.fact("dropped"), agent.outbox.fact("refused")) == (None, "", "")
    agent.close()
    assert _kernels(store) == [(kernel, iso(datetime.fromtimestamp(int(at), UTC))) for kernel, at in expected]
    assert [what for what, _ in _life(store, "Filesystem", "/mnt/rescue")] == ["created", "retired"]
    minutes = [day.begin + 60 * minute for minute in (MOUNTED.start, MOUNTED.stop)]
    assert [at for _, at in _life(store, "Filesystem", "/mnt/rescue")] == [
        iso(datetime.fromtimestamp(int(at), UTC)) for at in minutes
    ]


def _kernels(store: Store) -> list[tuple[str, str]]:
    """Every kernel the host has ever had, and when that was seen, oldest first."""
    (host,) = store.find("Host", first=10)
    steps = reversed(store.history_of(host["id"], first=1000))
    told = [(a.after, _taken(e.summary)) for e in steps for a in e.change.attributes if a.attribute == "kernel"]
    return [(str(kernel), at) for kernel, at in told]


def _life(store: Store, cls: str, name: str) -> list[tuple[str, str]]:
    """What became of a CI and when that was seen, oldest first."""
    rows = store.resolve(name, cls, retired=True)
    assert len(rows) == 1
    steps = reversed(store.history_of(rows[0]["id"], first=100))
    return [(e.change.what, _taken(e.summary)) for e in steps if e.change.what != "linked"]


def _taken(summary: str) -> str:
    return summary.rpartition("; taken at ")[2]
