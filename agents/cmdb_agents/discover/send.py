"""Brings what was seen of a place to the front door, as an agent there would: spooled, once, only what has changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cmdb_agents import report
from cmdb_agents.deliver import Outcome, Verdict, deliver
from cmdb_agents.discover.kind import Sight
from cmdb_agents.front_door import FrontDoor
from cmdb_agents.home import Enrolled, Home
from cmdb_agents.moments import iso
from cmdb_agents.outbox import Draft, Outbox
from cmdb_agents.signing import Signer


@dataclass(frozen=True, slots=True)
class Collector:
    """Who reports: an enrolled collector, its key and its way to the server."""

    enrolled: Enrolled
    signer: Signer

    @classmethod
    def of(cls, home: Home) -> Collector | None:
        """The collector of a folder, if it is enrolled."""
        enrolled = home.enrolled()
        return None if enrolled is None else cls(enrolled, Signer(enrolled.key_id, home.seed()))

    def door(self) -> FrontDoor:
        """A way to the server; one for each thread."""
        return FrontDoor(self.enrolled.url, allow_plain_http=self.enrolled.allow_plain_http)

    def node(self, slug: str) -> str:
        """Under which id the reports of a place travel: below the collector's own, which alone may sign for it."""
        return f"{self.enrolled.node}:{slug}"


def send(collector: Collector, node: str, spool: Path, sight: Sight, now: float) -> tuple[Outcome, int]:
    """Commit a report of this sight and deliver it; how it ended, and how many sections travelled whole."""
    stated = report.state(sight.sections)
    whole = 0

    def compose(seq: int, acknowledged: Mapping[str, str]) -> Draft:
        nonlocal whole
        whole = sum(acknowledged.get(s.name) != s.hash for s in stated)
        report_id = str(uuid.uuid4())
        made = report.compose(
            stated,
            acknowledged,
            report_id=report_id,
            node=node,
            boot_id=sight.boot_id,
            seq=seq,
            taken_at=iso(now),
        )
        body, packed = report.encode(made)
        return Draft(report_id, body, packed, {s.name: s.hash for s in stated})

    outbox = Outbox(spool)
    try:
        for _ in range(2):
            outbox.put(compose, sight.known)
            outcome = deliver(outbox, collector.door(), collector.signer, now)
            if outcome.verdict is not Verdict.FULL_NEEDED:
                break
        return outcome, whole
    finally:
        outbox.close()
