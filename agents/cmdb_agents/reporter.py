"""What an agent does with a look at its machine: commit the report, deliver what waits, decide when to come again.

No clock, disk, socket or chance of its own: all are handed in, so that the same code runs in a simulation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from cmdb_agents.backoff import CAP, IDENTITY_CAP, delay, splay
from cmdb_agents.deliver import Outcome, Verdict, deliver
from cmdb_agents.front_door import FrontDoor
from cmdb_agents.memory import Known, Pair
from cmdb_agents.moments import iso
from cmdb_agents.outbox import Draft, Outbox
from cmdb_agents.report import Stated, compose, encode
from cmdb_agents.signing import Signer


def _random_id() -> str:
    return os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class Reporter:
    """Speaks for one node."""

    node: str
    outbox: Outbox
    door: FrontDoor
    signer: Signer
    clock: Callable[[], float]
    new_id: Callable[[], str] = _random_id

    def report(
        self, stated: tuple[Stated, ...], boot_id: str, known: Mapping[Pair, Known], now: float
    ) -> tuple[Outcome, int, int]:
        """How it ended, the report's sequence, and how many sections travelled whole; `now` is when it was looked.

        Where the front door did not know the base, a report that stands on nothing follows at once.
        """
        if not same_boot(self.outbox.fact("boot"), boot_id):
            self.outbox.note("boot", boot_id)
        outcome, seq, whole = self._send(stated, known, now)
        if outcome.verdict is Verdict.FULL_NEEDED:
            again, seq, whole = self._send(stated, known, now)
            outcome = Outcome(again.verdict, again.message, again.sent + outcome.sent, again.retry_after)
        return outcome, seq, whole

    def _send(self, stated: tuple[Stated, ...], known: Mapping[Pair, Known], now: float) -> tuple[Outcome, int, int]:
        whole = 0

        def draft(seq: int, acknowledged: Mapping[str, str]) -> Draft:
            nonlocal whole
            whole = sum(acknowledged.get(s.name) != s.hash for s in stated)
            report_id = self.new_id()
            made = compose(
                stated,
                acknowledged,
                report_id=report_id,
                node=self.node,
                boot_id=self.outbox.fact("boot"),
                seq=seq,
                taken_at=iso(now),
            )
            body, packed = encode(made)
            return Draft(report_id, body, packed, {s.name: s.hash for s in stated})

        waiting = self.outbox.put(draft, known)
        return deliver(self.outbox, self.door, self.signer, self.clock()), waiting.seq, whole


class Pace:
    """When to report next: at the interval while all is well, by the back-off rule after failures in a row."""

    def __init__(self, interval: float, rng: Random) -> None:
        self._interval, self._rng, self._failures = interval, rng, 0

    def next(self, outcome: Outcome) -> float:
        """Seconds to wait after a cycle that ended so."""
        if outcome.verdict in (Verdict.ACCEPTED, Verdict.REFUSED, Verdict.FULL_NEEDED):
            self._failures = 0
            return splay(self._interval, self._rng)
        cap = IDENTITY_CAP if outcome.verdict is Verdict.NOT_LET_IN else CAP
        wait = delay(self._failures, self._rng, cap=cap, retry_after=outcome.retry_after)
        self._failures += 1
        return wait

    def stumbled(self) -> float:
        """Seconds to wait after a cycle that could not even end: no room on the disk, no look at the machine."""
        self._failures += 1
        return delay(self._failures, self._rng)


def same_boot(known: str, said: str) -> bool:
    """Whether two boot ids are one. Linux has real ones; elsewhere it is the time of the start, which moves with the
    clock, and one that went back would be another machine's."""
    if known.isdecimal() and said.isdecimal():
        return abs(int(known) - int(said)) <= 120
    return known == said
