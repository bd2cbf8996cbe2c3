"""Changes walked through the real engine on a real store, at times the test chooses: all of them in the past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.questions import ADMIN, EPICENTRE, NEO4J, SHOP, ask, parts, person
from support.reports import host, network, report, service, services, sockets, uses

from cmdb.moments import iso
from cmdb.store import By, Store
from cmdb.words import Record, Role, Value
from cmdb_graphql.records.carry import Carrying
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.change.panel import ROLES
from cmdb_processes.cli.server.processes import processes

RITA = person(Role.ENGINEER, name="rita")
MIA = person(Role.CHANGE_MANAGER, name="mia")
APPROVERS = {role: person(right, name=f"{role}-person") for role, right in ROLES.items()}
POSTGRES = service("postgres", 5432, "127.0.0.1")
CACHE = service("cache", 6379, "127.0.0.1")
TEXTS: dict[str, Value] = {
    "title": "Move epicentre to postgres", "reason": "neo4j ends", "plan": "stop, move, start",
    "backout": "point it back", "test": "ask it",
}  # fmt: skip
WHOLE = """
query W($n: String!) { changeRequest(number: $n) {
  number state model verdict blockedBy risk evidence evidenceHash execution outcome proposedOutcome findings legal
  approvalExpires startSequence verifiedAt
  approvals { role by yes fell } clashes { kind blocks sentence } riskTerms { name level sentence }
  observedSteps { judged sentence } predictions { name predicted broke }
  services { name beforeLo duringHi afterLo lostMinutes windowMinutes sentence }
  history { at by command fromState toState reason }
  links { nodes { type record { number } } } linkedFrom { nodes { type record { number } } }
} }
"""


@dataclass
class Walk:
    """A server's parts and a clock; whatever is done happens at `now`, which only `wait` moves."""

    of: Services
    store: Store
    now: datetime
    ids: dict[str, str] = field(default_factory=dict)
    reports: int = 0

    @property
    def text(self) -> str:
        """The moment as the journal writes it."""
        return iso(self.now)

    def wait(self, hours: float) -> None:
        """Time passes."""
        self.now += timedelta(hours=hours)

    def at(self, hours: float) -> str:
        """A moment so many hours from now."""
        return iso(self.now + timedelta(hours=hours))

    def window(self, start: float = 48, duration: str = "PT2H") -> str:
        """A window that begins so many hours from now."""
        return f"{self.at(start)}/{duration}"

    def give(self, who: Any, name: str, number: str | None = None, cis: tuple[str, ...] = (), **given: Value) -> Record:
        """A command, as the mutation gives it."""
        arguments = {"cis": cis, **given} if cis and number else given
        return Carrying(self.of, who, lambda: self.text).give(name, number, arguments, cis)

    def sweep(self) -> int:
        """What the clock does; how many commands that were."""
        return Timers(self.of, lambda: self.text).step()

    def see(self, *found: Any, links: tuple[Any, ...] = (), **values: Value) -> None:
        """Discovery looks at web1 again and sees these services and sockets, and values of the host."""
        self.reports += 1
        parts_ = [host("web1", **{"cpu_cores": 4, **values}), network("10.0.0.5"), services(*found), sockets(*links)]
        self.store.apply(report(self.reports, *parts_), self.text)
        self.ids |= {row["name"]: row["id"] for row in self.store.find(None, first=100)}

    def whole(self, number: str) -> dict[str, Any]:
        """The change, as GraphQL answers it."""
        found: dict[str, Any] = ask(self.of, WHOLE, ADMIN, n=number)["changeRequest"]
        return found

    # --- along the road -----------------------------------------------------------------------------------

    def draft(self, *cis: str, who: Any = RITA, **given: Value) -> str:
        """A draft about CIs by name; its number."""
        ids = tuple(self.ids[name] for name in cis)
        fields = {**TEXTS, "window": self.window(), **given}
        return self.give(who, "propose_change", None, ids, **fields).number

    def assessed(self, *cis: str, **given: Value) -> str:
        """The same, handed in and assessed."""
        number = self.draft(*cis, **given)
        self.give(RITA, "submit_change", number)
        self.give(RITA, "assess_change", number)
        return number

    def waiting(self, *cis: str, **given: Value) -> str:
        """The same, put to its approvers."""
        number = self.assessed(*cis, **given)
        self.give(RITA, "request_change_approval", number)
        return number

    def vote(self, number: str) -> None:
        """Three say yes."""
        for role, who in APPROVERS.items():
            self.give(who, "approve_change", number, as_role=role)

    def started(self, *cis: str, **given: Value) -> str:
        """The same, approved, scheduled and begun in its window."""
        number = self.waiting(*cis, **given)
        self.vote(number)
        self.give(RITA, "schedule_change", number)
        self.wait(48.5)
        self.give(RITA, "start_change", number)
        return number


TO_NEO4J, TO_POSTGRES = uses(EPICENTRE, "127.0.0.1:17687"), uses(EPICENTRE, "127.0.0.1:5432")
TO_CACHE = uses(EPICENTRE, "127.0.0.1:6379")


@contextmanager
def walking(home: Path, store: Store) -> Iterator[Walk]:
    """A webshop on a shop (web2) that uses epicentre, which uses its neo4j (web1). Forty days ago."""
    with parts(home, store, processes().values()) as of:
        walk = Walk(of, store, datetime.now(UTC) - timedelta(days=40))
        web2 = [host("web2", cpu_cores=16), network("10.0.0.6"), services(SHOP), sockets(uses(SHOP, "10.0.0.5:8480"))]
        walk.see(NEO4J, EPICENTRE, links=(TO_NEO4J,))
        store.apply(report(1, *web2, node="nd_2", boot="boot-2"), walk.text)
        by = By("ada", walk.text, "service catalogue")
        values = {"criticality": "critical", "availability_target": 99.0}
        webshop = store.create_ci("BusinessService", "webshop", values, by).ci
        walk.ids |= {row["name"]: row["id"] for row in store.find(None, first=100)}
        store.link_cis("DEPENDS_ON", webshop, walk.ids["shop"], by)
        walk.wait(1)
        yield walk


def move(walk: Walk) -> str:
    """The graph diff of the move: a postgres on web1 that epicentre uses instead of neo4j."""
    return json.dumps({
        "create": [{"id": "new:pg", "class": "Service", "name": "postgres", "parent": walk.ids["web1"],
                    "attributes": {"kind": "program"}}],
        "repoint": [{"type": "DEPENDS_ON", "from": walk.ids["epicentre"], "to": walk.ids["neo4j"],
                     "newTo": "new:pg"}],
    })  # fmt: skip
