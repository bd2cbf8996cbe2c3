"""Lives in which also business services, places, conditions, redundancy, free attributes and days to end change."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from support.imported import edge, load, node
from support.lives import Life
from support.reports import host, network, report

from cmdb.errors import EpicentreError
from cmdb.moments import after


class WholeLife(Life):
    """Every kind of change that a question about the graph can tell of."""

    def begin(self) -> None:
        """A few things to begin with."""
        for cls, name in (("BusinessService", "shop"), ("BusinessService", "crm"), ("Organisation", "acme")):
            self.store.create_ci(cls, name, {}, self.by)
        for cls, name in (("Site", "north"), ("Site", "south"), ("Rack", "r1")):
            self.store.create_ci(cls, name, {"code": name}, self.by)
        for n in (1, 2):
            seen = [host(f"web{n}", machine_id=f"{n}" * 32), network(f"10.0.0.{n}")]
            self.store.apply(report(1, *seen, node=f"nd_{n}", boot=f"boot-{n}"), self.now)

    def step(self) -> str:
        """One of the plain things, or one of these."""
        if self.dice.random() < 0.5:
            return super().step()
        self.now = after(self.now, self.dice.choice((0, 0.1, 5)))
        does = self.dice.choice(
            [self.condition, self.condition, self.back_up, self.free, self.rename, self.lifecycle, self.expiry,
             self.end, self.depend, self.depend, self.part, self.place, self.own, self.inside, self.hours, self.promise,
             self.imported, self.imported]
        )  # fmt: skip
        with suppress(EpicentreError):
            does()
        return does.__name__

    def any(self, *classes: str) -> str:
        """The id of a CI of one of these classes."""
        return self.some(self.dice.choice(classes))

    def write(self, ci: str, **values: Any) -> None:
        """By hand."""
        self.store.update_ci(ci, None, values, self.by)

    def condition(self) -> None:
        """It breaks, or works again."""
        self.write(self.some(), condition=self.dice.choice(["down", "degraded", "up", None]))

    def back_up(self) -> None:
        """Two things back each other up, or no more."""
        ids = [self.any("Application", "Service") for _ in range(2)]
        names = sorted({str(row["name"]) for row in self.store.cis(ids).values()})
        rules = self.dice.choice([[f"DEPENDS_ON: 1 of {', '.join(names)}"], None])
        self.write(self.any("Application", "BusinessService", "Service"), redundancy=rules)

    def free(self) -> None:
        """A free attribute, of one type or another."""
        name, value = self.dice.choice(["floor", "cost_centre"]), self.dice.choice([1, "7", 2.5, True, None])
        self.store.update_ci(self.some(), None, {}, self.by, extra={name: value})

    def rename(self) -> None:
        """A new name, perhaps another's."""
        self.write(self.some(), name=f"{self.dice.choice(['web', 'thing', 'Shop'])} {self.dice.randint(1, 4)}")

    def lifecycle(self) -> None:
        """Repaired, put away, thrown away, or in use again."""
        state = self.dice.choice(["in_repair", "in_stock", "live", "planned", "retired", "disposed"])
        self.store.set_lifecycle(self.any("Host", "Rack", "Site"), None, state, self.by)

    def expiry(self) -> None:
        """It is to end, or not."""
        days = self.dice.choice([after(self.now, 7), after(self.now, 100), None])
        self.store.set_expiry(self.some(), None, days, self.by)

    def end(self) -> None:
        """What is to end ends."""
        self.store.expire_cis(self.by)

    def depend(self) -> None:
        """One thing on another."""
        kind, source = (
            self.dice.choice(["DEPENDS_ON", "USES", "RUNS_ON"]),
            ("Application", "BusinessService", "Service"),
        )
        self.store.link_cis(kind, self.any(*source), self.any(*source, "Host"), self.by)

    def part(self) -> None:
        """And no more."""
        edges = self.store.edges([str(row["id"]) for row in self.store.find(None, first=200)], "out")
        one = self.dice.choice(edges)
        self.store.unlink_cis(one.type, one.source, one.target, self.by)

    def place(self) -> None:
        """It stands somewhere."""
        self.store.link_cis("LOCATED_IN", self.any("Host", "Rack"), self.any("Rack", "Site"), self.by)

    def own(self) -> None:
        """It is somebody's."""
        self.store.link_cis("OWNED_BY", self.some(), self.some("Organisation"), self.by)

    def inside(self) -> None:
        """A program that somebody wrote down."""
        called, parent = f"daemon {self.dice.randint(1, 3)}", self.some("Host")
        self.store.create_ci("Service", called, {"kind": "program"}, self.by, parent=parent, tags=["by:hand"])

    def hours(self) -> None:
        """How often it fails."""
        self.write(self.some(), mtbf_hours=self.dice.choice([100.0, 5000.0, None]), mttr_hours=2.0)

    def promise(self) -> None:
        """How often a business service may."""
        percent, users = self.dice.choice([99.9, 99.0, None]), self.dice.choice([10, 200, None])
        self.write(self.some("BusinessService"), availability_percent=percent, users=users)

    def imported(self) -> None:
        """An import names things that it knows, and joins them."""
        n, m = self.dice.randint(1, 4), self.dice.randint(1, 4)
        rows = [
            node("Application", f"app {m}", ref="a", criticality=self.dice.choice(["high", "low"])),
            node("Server", f"iron {n}", serial=f"SN-{n}00{n}", vendor="Dell", model=self.dice.choice(["R640", "R650"])),
            node("Application", f"app {n}", ref="b", tags=["crm"]),
            edge(self.dice.choice(["DEPENDS_ON", "USES"]), "a", "b"),
        ]
        load(self.store, *rows, source=self.dice.choice(["crm", "assets"]))
