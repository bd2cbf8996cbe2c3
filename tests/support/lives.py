"""Lives of an estate: everything that the journal knows, once by hand and in seeded disorder."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from support.imported import load, node
from support.questions import NOTE, NOTES
from support.reports import host, network, report, service, services, sockets, uses

from cmdb.cypher import Compare
from cmdb.errors import EpicentreError
from cmdb.governance import Policy, Rule
from cmdb.moments import after
from cmdb.records import Move, opened
from cmdb.store import By, Store
from cmdb.words import Decision, Evidence

BEGIN = "2026-11-01T12:00:00.000Z"
MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"
MANY = [service(f"s{n:02}", 1000 + n) for n in range(12)]


class Life:
    """Random reports and commands on one estate, from a seed."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.dice = store, random.Random(seed)
        self.now, self.seq = BEGIN, 1

    def step(self) -> str:
        """One random thing; what it was. What the rules refuse changes nothing, and that too is part of life."""
        self.now = after(self.now, self.dice.choice((0, 0.1, 5)))
        does = self.dice.choice(
            [self.report, self.report, self.report, self.create, self.update, self.override, self.expire, self.link,
             self.unlink, self.retire, self.merge, self.split, self.clone, self.same, self.sweep, self.release,
             self.policy, self.lift, self.view, self.drop_view, self.tag, self.bulk, self.withdraw, self.note]
        )  # fmt: skip
        with suppress(EpicentreError):
            does()
        return does.__name__

    @property
    def by(self) -> By:
        """Somebody, now."""
        return By("ann", self.now, "because")

    def some(self, cls: str | None = None) -> str:
        """The id of any CI."""
        return str(self.dice.choice(self.store.find(cls, first=200) or [{"id": "none"}])["id"])

    def report(self) -> None:
        """One of three agents says what it sees, sometimes without a section, sometimes with far less."""
        dice, self.seq = self.dice, self.seq + 1
        n = dice.randint(1, 3)
        seen = dice.sample(MANY, dice.choice((1, 3, 11, 12)))
        links = [
            uses(s, f"10.0.0.{dice.randint(1, 4)}:{1000 + dice.randint(0, 14)}", self.evidence()) for s in seen[:3]
        ]
        parts = [host(f"web{n}", kernel=str(dice.randint(1, 3)), machine_id=f"{n}" * 32), network(f"10.0.0.{n}")]
        parts += dice.sample([services(*seen, complete=dice.random() < 0.8), sockets(*links)], dice.randint(0, 2))
        self.store.apply(report(self.seq, *parts, node=f"nd_{n}", boot=f"boot-{n}"), self.now)

    def evidence(self) -> Evidence:
        """How a socket was seen, at one time or another."""
        return Evidence("socket", f"tcp {self.dice.randint(1, 9)}", 0.9, last_seen=self.now)

    def clone(self) -> None:
        """An agent nobody knows has the machine id of a known one."""
        self.seq += 1
        parts = [host("web1", machine_id=self.dice.choice("12") * 32), services(*MANY[:2])]
        self.store.apply(report(self.seq, *parts, node=f"nd_{self.dice.randint(7, 9)}", boot="boot-9"), self.now)

    def same(self) -> None:
        """A person's word on a conflict."""
        conflict = self.dice.choice(self.store.conflicts() or [{"id": "none"}])
        self.store.resolve_conflict(conflict["id"], self.dice.choice(["same", "distinct"]), "ann", self.now)

    def release(self) -> None:
        """A person believes a loss."""
        self.store.release_held(self.dice.choice([h.scope for h in self.store.held()] or ["none"]), self.by)

    def create(self) -> None:
        """A thing written down."""
        cls = self.dice.choice(["Application", "Host", "Organisation"])
        self.store.create_ci(cls, f"thing {self.dice.randint(1, 6)}", {}, self.by)

    def update(self) -> None:
        """A value written onto a host, or taken back."""
        self.store.update_ci(self.some("Host"), None, {"model": self.dice.choice(["R640", "Ünï\nx", None])}, self.by)

    def override(self) -> None:
        """A value that wins for a while."""
        self.store.override_attribute(self.some("Host"), "kernel", "9", after(self.now, 3), self.by)

    def expire(self) -> None:
        """What is over ends."""
        self.store.expire_overrides(self.by)

    def retire(self) -> None:
        """A thing is no more."""
        self.store.retire_ci(self.some(), None, self.by)

    def link(self) -> None:
        """A dependency by hand."""
        self.store.link_cis("DEPENDS_ON", self.some("Application"), self.some("Service"), self.by)

    def unlink(self) -> None:
        """And back."""
        self.store.unlink_cis("DEPENDS_ON", self.some("Application"), self.some("Service"), self.by)

    def merge(self) -> None:
        """Two things are one."""
        cls = self.dice.choice(["Application", "Host", "Service"])
        self.store.merge_cis(self.some(cls), self.some(cls), self.by)

    def split(self) -> None:
        """Or not."""
        rows = self.store._bolt.read(lambda run: run("MATCH (m:Merge {state: 'open'}) RETURN m.id AS id", {}))
        self.store.split_ci(self.dice.choice([r["id"] for r in rows] or ["none"]), self.by)

    def policy(self) -> None:
        """Something is asked of values, or asked otherwise; or whose word counts."""
        if self.dice.random() < 0.4:
            order = tuple(self.dice.sample(["import:assets", "person", "agent"], 2))
            about = self.dice.choice(["name", "model"])
            self.store.put_policy(Policy(f"by-{about}", "Host", Rule.PRECEDENCE, about, order), self.by)
            return
        values = tuple(self.dice.sample(["R640", "R650", "R660"], 2))
        self.store.put_policy(Policy(self.dice.choice("pq"), "Host", Rule.ALLOWED, "model", values, why="so"), self.by)

    def lift(self) -> None:
        """And asked no longer."""
        self.store.lift_policy(self.dice.choice(["p", "q", "by-name", "by-model"]), self.by)

    def view(self) -> None:
        """A part of the graph for some accounts, or another part."""
        self.store.define_view(self.dice.choice("vw"), Compare("name", "prefix", self.dice.choice("wt")), self.by)

    def drop_view(self) -> None:
        """For nobody."""
        self.store.drop_view(self.dice.choice("vw"), self.by)

    def tag(self) -> None:
        """A word on two things, or off them."""
        does = self.dice.choice([self.store.tag_cis, self.store.untag_cis])
        does([self.some(), self.some()], [self.dice.choice(["env:prod", "pci"])], self.by)

    def withdraw(self) -> None:
        """An import lists some of its CIs and edges no longer."""
        listed = [row.get("id", row.get("ref", "")) for row in self.store.listed("assets")]
        self.store.withdraw("assets", self.dice.sample(listed, min(2, len(listed))), self.by)

    def bulk(self) -> None:
        """A few rows of an import, one after the other about the same thing."""
        rows = [node("Application", f"thing {n}", tags=["bulk"]) for n in self.dice.sample(range(1, 7), 2)]
        load(self.store, *rows, source=self.dice.choice(["crm", "assets"]))

    def note(self) -> None:
        """Somebody writes a record about a thing."""
        self.store.move(_note(), self.now)

    def sweep(self) -> None:
        """All sources fall silent for a while, some for ever."""
        self.now = after(self.now, self.dice.choice((25, 25, 25, 750)))
        self.store.sweep_leases({}, By("epicentre", self.now))
        self.report()


def by_hand(store: Store) -> dict[str, Callable[[], object]]:
    """Every kind of entry once, in order, so that no seed must be lucky."""
    by = By("ann", BEGIN, "because")
    ids: dict[str, str] = {}
    first = [host("a", machine_id=MACHINE), network("10.0.0.5"), services(*MANY)]
    again = report(1, host("a", machine_id=MACHINE), services(*MANY), node="nd_2", boot="boot-2")

    def twins() -> None:
        for name in ("one", "two"):
            ids[name] = store.create_ci("Application", name, {}, by).ci

    def overridden() -> None:
        (ids["host"],) = [r["id"] for r in store.find("Host") if r["status"] == "live"]
        store.override_attribute(ids["host"], "model", "R640", after(BEGIN, 1), by)

    return {
        "report": lambda: store.apply(report(1, *first, sockets(uses(MANY[0], "10.0.0.5:1001"))), BEGIN),
        "reword": lambda: store.apply(
            report(2, sockets(uses(MANY[0], "10.0.0.5:1001", Evidence("socket", "tcp, again", 0.5)))), BEGIN
        ),
        "hold": lambda: store.apply(report(3, services()), BEGIN),
        "release": lambda: store.release_held("nd_1/services", by),
        "conflict": lambda: store.apply(again, BEGIN),
        "take over": lambda: store.resolve_conflict("cf_2", "same", "ann", BEGIN),
        "taken": lambda: store.apply(again, BEGIN),
        "create": twins,
        "merge": lambda: store.merge_cis(ids["one"], ids["two"], by),
        "split": lambda: store.split_ci(ids["two"], by),
        "override": overridden,
        "expire": lambda: store.expire_overrides(By("epicentre", after(BEGIN, 2))),
        "stale": lambda: store.sweep_leases({}, By("epicentre", after(BEGIN, 26))),
        "fresh": lambda: (
            store.apply(report(4, host("a", kernel="7"), node="nd_2", boot="boot-2"), after(BEGIN, 26)),
            store.sweep_leases({}, By("epicentre", after(BEGIN, 27))),
        ),
        "policy": lambda: store.put_policy(Policy("p", "Host", Rule.REQUIRED, "name"), By("ada", after(BEGIN, 28))),
        "lift": lambda: store.lift_policy("p", By("ada", after(BEGIN, 29))),
        "view": lambda: store.define_view("v", Compare("class", "eq", "Host"), By("ada", after(BEGIN, 30))),
        "drop_view": lambda: store.drop_view("v", By("ada", after(BEGIN, 31))),
        "record": lambda: store.move(_note(), after(BEGIN, 32)),
        "apart": lambda: (
            store.apply(report(5, host("a", machine_id=MACHINE), node="nd_2", boot="boot-2"), after(BEGIN, 33)),
            store.apply(report(1, *first, node="nd_3", boot="boot-3"), after(BEGIN, 33)),
            store.resolve_conflict("cf_3", "distinct", "ann", after(BEGIN, 34)),
        ),
        "boots": lambda: (
            store.apply(report(6, host("a"), node="nd_2", boot="boot-9"), after(BEGIN, 35)),
            store.apply(report(7, host("a"), node="nd_2", boot="boot-2"), after(BEGIN, 36)),
            store.resolve_conflict("cf_2", "same", "ann", after(BEGIN, 37)),
        ),
        "retire": lambda: store.sweep_leases({}, By("epicentre", after(BEGIN, 2000))),
        "purge": lambda: store.purge(By("epicentre", after(BEGIN, 24 * 4000))),
    }


def _note() -> Move:
    """Somebody opens a note about nothing."""
    write, closing = NOTES.commands
    assert closing.stimulus == "close"
    decision = Decision("open", {"text": "so"}, "written", cis=(), note="look", watchers=("ben",))
    return opened(NOTE, write, decision, "ann", BEGIN)
