"""One world from one seed: agents, lines, a server, a graph, and the time they all live in.

Everything runs in one thread, one event after the other, so a seed always tells the same story.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

from nacl.signing import SigningKey, VerifyKey
from simulation.disks import Disk, Inline
from simulation.door import Door, Heard, Offered
from simulation.faults import Faults, Killed
from simulation.graph import Memory
from simulation.line import Line
from simulation.machines import HOSTS, Look, Machine

from cmdb import sqlite
from cmdb.applier import Agents, Applier
from cmdb.errors import EpicentreError
from cmdb.inbox import Inbox
from cmdb.moments import iso
from cmdb.store import By, Store
from cmdb.store.reports import Outcome, apply_reports
from cmdb.sweeper import Sweeper
from cmdb.words import Snapshot
from cmdb_agents.deliver import Outcome as Delivered
from cmdb_agents.deliver import Verdict
from cmdb_agents.front_door import FrontDoor
from cmdb_agents.outbox import Outbox
from cmdb_agents.report import FULL_EVERY
from cmdb_agents.reporter import Pace, Reporter
from cmdb_agents.signing import Signer

BEGIN = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
YEARS = 10 * 365 * 86_400
INTERVAL, DAY = 300.0, 86_400.0
SPOOL = 2_500
"""Bytes of reports that may wait at an agent here: a handful."""
DRAINED_WITHIN = 48 * 3600.0
"""Simulated seconds after the last fault in which everything must have come to rest."""

FINAL = (200, 202, 400, 413, 422)
"""What the server says to a report for good."""

SEEDS = tuple(bytes([number]) * 32 for number in range(HOSTS))
KEYS: Mapping[str, VerifyKey] = {f"nd_{n}": SigningKey(seed).verify_key for n, seed in enumerate(SEEDS)}


class Unreal(AssertionError):
    """The world did what it must never do."""


@dataclass
class Parts:
    """The real parts a world is made of; a test that must fail puts a broken one in its place."""

    outbox: type[Outbox] = Outbox
    inbox: type[Inbox] = Inbox
    applier: type[Applier] = Applier
    writer: type[Inline] = Inline
    reporter: type[Reporter] = Reporter


class Graph(Store):
    """The real store on the simulated Neo4j."""

    def __init__(self, bolt: Memory, new_id: Callable[[str], str]) -> None:
        self._speak_by(bolt)  # type: ignore[arg-type]
        self._new_id = new_id
        self.held_once: set[str] = set()
        self.carried_out: list[tuple[Sequence[Snapshot], str]] = []

    def apply_all(self, snapshots: Sequence[Snapshot], now: str, revoked: Collection[str] = ()) -> list[Outcome]:
        """As always, with ids from the seed."""
        outcomes = apply_reports(self._bolt, snapshots, now, revoked, self._new_id)
        self.carried_out.append((snapshots, now))
        self.held_once |= {s.report_id for s, o in zip(snapshots, outcomes, strict=True) if o.kind == "held"}
        return outcomes

    def purge(self, by: By, most: int = 100) -> tuple[int, int]:
        """The past is not the matter here."""
        return 0, 0


class Server:
    """The front door, the inbox on its disk, and the applier; the graph outlives it."""

    def __init__(self, world: World, parts: Parts) -> None:
        self.world, self.faults, self._parts = world, world.faults, parts
        Disk.blank("server", lambda disk: Inbox(Path("inbox"), disk=sqlite.Disk(disk.prepared, Inline)))
        self.disk = Disk("server", self.faults)
        self.bolt = Memory(self.faults, self._dies)
        self.store = Graph(self.bolt, world.new_id)
        self.heard: list[Heard] = []
        self.offered: dict[str, Offered] = {}
        self.offset = 0.0
        self.inbox: Inbox | None = None
        self._busy = False
        self._pause = 0.0

    def clock(self) -> datetime:
        """What time it is for the server, right or wrong."""
        return datetime.fromtimestamp(self.world.now + self.offset, UTC)

    def start(self) -> None:
        """Begin to live; where even that fails, once more later."""
        try:
            said = lambda: iso(self.clock())  # noqa: E731
            disk = sqlite.Disk(self.disk.prepared, self._parts.writer)
            self.inbox = self._parts.inbox(Path("inbox"), clock=said, disk=disk)
            self.door = Door(self.inbox, self.inbox._writer, KEYS, self.clock, self.heard, self.offered)
            self.applier = self._parts.applier(self.inbox, self.store, Agents(lambda: (), lambda _: None), clock=said)
        except Killed:
            self._dead()
        except EpicentreError:  # it could not start: its service manager tries again
            self.inbox = None
            self.world.later(30.0, self.start)
        else:
            self._wake(0.5)

    def answer(self, *requests: bytes) -> list[bytes]:
        """What it says; OSError while it does not live."""
        if self.inbox is None:
            raise ConnectionRefusedError(111, "connection refused")
        if self.faults.now("server's clock", 0.2):
            self.offset = self.faults.dice.uniform(-YEARS, YEARS)
        try:
            return self.door.answer(*requests)
        except Killed:
            self._dead()
            raise ConnectionResetError(104, "connection reset by peer") from None
        finally:
            self._wake(self.faults.dice.choice((0.05, 0.05, 5.0, 600.0)))

    def _dies(self) -> None:
        if self.inbox is not None and self.faults.now("server killed", 0.1):
            raise Killed

    def _dead(self) -> None:
        self.inbox = None
        self.world.later(self.faults.dice.choice((1.0, 60.0, 1800.0)), self.start)

    def sweep(self) -> None:
        """The sweeper's turn, which comes more often in truth."""
        if self.inbox is None:
            return
        try:
            Sweeper(self.store, self.inbox, lambda: iso(self.clock())).step()
        except Killed:
            self._dead()
        except EpicentreError:
            self.world.later(60.0, self.sweep)

    def _back(self) -> None:
        self.bolt.away = False

    def _wake(self, seconds: float) -> None:
        if not self._busy and self.inbox is not None:
            self._busy = True
            self.world.later(seconds, self._work)

    def _work(self) -> None:
        """The applier's turn: as its thread would go on, wait or try again."""
        self._busy = False
        if self.inbox is None:
            return
        if self.faults.now("graph gone for hours", 0.3):
            self.bolt.away = True
            self.world.later(self.faults.dice.choice((60.0, 1800.0, 9 * 3600.0)), self._back)
        try:
            more = self.applier.step()
            self._pause = 0.0
        except Killed:
            self._dead()
            return
        except (EpicentreError, OSError) as error:
            # In truth five seconds at most; through hours of it that would be thousands of tries without any news.
            self._pause = min(600.0, self._pause * 2 or 0.25)
            self.world.note(f"applier: {error}")
            more = True
        if more:
            self._wake(self._pause or 0.01)


class Agent:
    """One agent on its machine: its disk and its key outlive the process."""

    def __init__(self, world: World, number: int, parts: Parts) -> None:
        self.world, self.faults, self._parts = world, world.faults, parts
        self.machine = Machine(number, world.faults.dice)
        self.node = self.machine.node
        Disk.blank("agent", lambda disk: Outbox(Path("agent.db"), connect=lambda _: disk.open()))
        self.disk = Disk("agent", world.faults)
        self.line = Line(world, world.faults, self._dies)
        self.offset = 0.0
        self.last: Delivered | None = None
        self.looked: Look = ()
        self.cycles = 0
        self.alive = False
        self.resting = False
        self.half_blind = False
        self.refused = False
        self._departed = (0, 0)

    def clock(self) -> float:
        """What time it is for the agent."""
        return self.world.now + self.offset

    def start(self) -> None:
        """Begin to live, and report at once."""
        try:
            self.outbox = self._parts.outbox(Path("agent.db"), most_waiting=SPOOL, connect=lambda _: self.disk.open())
        except Killed:
            self._dead()
            return
        except EpicentreError:
            self.world.later(60.0, self.start)
            return
        door = FrontDoor("http://127.0.0.1:8480", connect=self.line.connect, clock=lambda: self.world.now)
        signer = Signer(self.node, SEEDS[self.machine.number])
        self.reporter = self._parts.reporter(
            self.node, self.outbox, door, signer, self.clock, lambda: self.world.new_id("report")
        )
        self.pace = Pace(INTERVAL, self.faults.dice)
        self.alive = True
        self.cycle()

    def cycle(self) -> None:
        """Look and report, then wait as long as the agent's own rule says."""
        self.cycles += 1
        wait = None
        self.line.said.clear()
        try:
            wait = self._cycle()
        except Killed:
            self._dead()
        except EpicentreError as error:
            self.world.note(f"{self.node}: {error}")
            wait = self.pace.stumbled()
            self.last = None
        self._nothing_left_by_itself()
        if wait is not None and self.faults.now("silent for weeks"):
            wait = self.faults.dice.choice((2, 20, 34)) * DAY
            for days in (1.2, 31.5, 32.5):
                if days * DAY < wait:
                    self.world.later(days * DAY, self.world.server.sweep)
        if wait is not None:
            self.world.later(wait, self.cycle)

    def _cycle(self) -> float | None:
        faults = self.faults
        if faults.odds and faults.dice.random() < 0.6:
            self.machine.change()
        if faults.odds and faults.dice.random() < 0.1:
            self.machine.reboot()
        if faults.now("agent's clock"):
            self.offset = faults.dice.choice((-YEARS, YEARS, -400.0, 86_400.0)) * faults.dice.random()
        self.looked, stated = self.machine.look(
            blind=faults.now("look fails") or self.half_blind,
            poison=faults.now("poison"),
            refused=faults.now("refused"),
        )
        self.last, _, _ = self.reporter.report(stated, self.machine.boot, {}, self.clock())
        self.refused |= bool({400, 413, 422} & set(self.line.said))
        if self.outbox.spooled()[1] > SPOOL:
            raise Unreal(f"{self.node} keeps {self.outbox.spooled()} for the server, more than it may")
        wait = self.pace.next(self.last)
        if not self.faults.odds and self.last.verdict is Verdict.ACCEPTED:
            self.resting = True
            return None
        return wait

    def _nothing_left_by_itself(self) -> None:
        """A report leaves the spool because the server said yes or no to it, or because there was no room: counted."""
        facts = self.disk.facts()
        waits = self.disk.count("report")
        departed, dropped = int(facts.get("seq", 0)) - waits, int(facts.get("dropped", 0))
        (before, dropped_before), self._departed = self._departed, (departed, dropped)
        said = self.line.said
        if dropped == dropped_before and 409 not in said and departed - before > sum(map(said.count, FINAL)):
            raise Unreal(f"{self.node}: {departed - before} reports left the spool, and the server said {said}")

    def _dies(self) -> None:
        if self.faults.now("agent killed", 0.2):
            self.disk.db.die()

    def _dead(self) -> None:
        self.alive = False
        self.world.later(self.faults.dice.choice((5.0, 900.0)), self.start)


@dataclass
class World:
    """Everything there is; `run` lives through it."""

    seed: int
    parts: Parts = field(default_factory=Parts)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.faults = Faults(self.dice)
        self.now = BEGIN
        self._ids, self._order = count(1), count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.notes: list[str] = []
        self.server = Server(self, self.parts)
        numbers = self.dice.sample(range(HOSTS), self.dice.choice((1, 1, 1, 2, 2, 3)))
        self.agents = [Agent(self, number, self.parts) for number in numbers]

    def new_id(self, kind: str) -> str:
        """The next id of this world."""
        return f"{kind}_{next(self._ids):06d}"

    def note(self, text: str) -> None:
        """For whoever reads why a seed failed."""
        self.notes.append(f"{self.now - BEGIN:9.1f} {text}")

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """An event of its own."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), work))

    def serve(self, *requests: bytes) -> list[bytes]:
        """Have the server answer what comes at one moment."""
        return self.server.answer(*requests)

    def run(self) -> None:
        """A life with faults, then one without until everything has come to rest."""
        self.server.start()
        for agent in self.agents:
            self.later(self.dice.uniform(0, 60.0), agent.start)
        cycles = self.dice.choice((1, 1, 2, 2, 4)) * len(self.agents)
        self._until(lambda: sum(a.cycles for a in self.agents) >= cycles, 400)
        weeks = "silent for weeks" in self.faults.odds
        self.faults.cease()
        self.server.bolt.away = False
        since = self.now
        for agent in self.agents:
            agent.resting = False
            # What a sweep retired comes back as it is seen, so then it must be seen whole.
            agent.half_blind = not weeks and self.dice.random() < 0.25
        for _ in range(FULL_EVERY + 4):
            before, swept = self._trouble(), self._swept()
            for agent in self.agents:
                if agent.resting:
                    agent.resting = False
                    self.later(INTERVAL, agent.cycle)
            self._until(self._at_rest, 500)
            if self.now - since > (40 * DAY if weeks else DRAINED_WITHIN):
                break
            held, aside = self._trouble()
            if held == 0 and aside == before[1] and swept == self._swept() and all(map(self._seen, self.agents)):
                return
        raise Unreal(f"it has not come to rest: {self._trouble()}, {[a.last for a in self.agents]}")

    def _trouble(self) -> tuple[int, int]:
        inbox = self.server.inbox
        counts = inbox.counts() if inbox is not None else {}
        return counts.get("held", 0), counts.get("quarantined", 0)

    def _swept(self) -> int:
        return sum(one["kind"] == "sweep" for one in self.server.bolt.state.journal.values())

    def _seen(self, agent: Agent) -> bool:
        """Whether its host is there: one that was retired comes back with a report that says all, the 14th at last."""
        state = self.server.bolt.state
        return all(state.cis[ci]["status"] == "live" for scope, ci in state.claims if scope == agent.node)

    def _at_rest(self) -> bool:
        inbox = self.server.inbox
        return inbox is not None and inbox.depth() == 0 and all(a.resting and a.alive for a in self.agents)

    def _until(self, done: Callable[[], bool], most: int) -> None:
        for _ in range(most):
            if done():
                return
            if not self._events:
                raise Unreal("nothing happens any more, and it is not at rest")
            at, _, work = heapq.heappop(self._events)
            self.now = max(self.now, at)
            work()
        raise Unreal(f"after {most} events it is still not at rest")
