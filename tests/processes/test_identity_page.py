"""docs/identity.md: what it prints is printed by the real program, and what it lists is what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.front_door import Door, Sender
from support.pages import Page
from support.reports import host, network, report, service, services, sockets, uses
from support.signed_in import admins_door

from cmdb.applier import utc_now
from cmdb.claims import ranking
from cmdb.classes.host import HOST
from cmdb.identity import hygiene
from cmdb.identity.hygiene import _MADE_MACS, _SHARED_MACS
from cmdb.moments import after
from cmdb.reconcile.brake import ITEMS, SHARE
from cmdb.store import Store
from cmdb.sweeper import Sweeper
from cmdb.words import Section, Value

PAGE = Path(__file__).parents[2] / "docs" / "identity.md"

WEB1: dict[str, Value] = {
    "fqdn": "web1.example.org", "machine_id": "3d1219c7c4c5404aaa1f6d2a48adfda4", "serial": "J6RN4N1",
    "smbios_uuid": "4c4c4544-0051-3610-8052-b4c04f4e4e31", "vendor": "Dell Inc.", "model": "PowerEdge R640",
    "macs": ("00:25:90:ab:cd:01", "00:00:5e:00:01:0a"),
}  # fmt: skip
KIOSK: dict[str, Value] = {
    "machine_id": "77aa0011bb2244cc8899ddeeff001122", "serial": "Not Settable", "vendor": "ACME",
    "smbios_uuid": "03000200-0400-0500-0006-000700080009", "macs": ("3c:18:a0:f1:e2:d3",),
}  # fmt: skip
TEMPLATE = "c0ffee00d1a24f6f9d2f8b9de50b1a77"
APP1: dict[str, Value] = {
    "machine_id": TEMPLATE, "smbios_uuid": "564d3a2b-77aa-4c1e-9d55-0a1b2c3d4e5f", "vendor": "VMware, Inc.",
    "serial": "VMware-56 4d 3a 2b 77 aa 4c 1e-9d 55 0a 1b 2c 3d 4e 5f", "macs": ("00:50:56:9a:4b:5c",),
}  # fmt: skip
APP2: dict[str, Value] = {
    "machine_id": TEMPLATE, "smbios_uuid": "564dffee-0c2a-9a41-b7aa-91e01c55a2b3", "vendor": "VMware, Inc.",
    "serial": "VMware-56 4d ff ee 0c 2a 9a 41-b7 aa 91 e0 1c 55 a2 b3", "macs": APP1["macs"],
}  # fmt: skip
KIOSK5: dict[str, Value] = {"machine_id": KIOSK["machine_id"], "macs": ("3c:18:a0:f1:e2:d9",)}
DB2: dict[str, Value] = {"serial": "CZ22520B8W", "vendor": "HP", "model": "ProLiant DL380"}
NAS1: dict[str, Value] = {"serial": "2150SXR8K", "vendor": "Synology", "model": "DS1621+", "os_version": "7.1"}
SHOP, DATABASE = service("shop", 443), service("postgres", 5432, "10.0.0.7")


@dataclass
class Machine:
    """A machine with an enrolled agent; `says` is what it reports again and again."""

    agent: Sender
    says: list[Section]
    boot: str = "boot-1"
    seq: int = 0

    def report(self, *sections: Section) -> None:
        """The next report: of these sections if given, else of all as they always were."""
        self.seq += 1
        said = report(self.seq, *(sections or self.says), node=self.agent.node, boot=self.boot)
        assert self.agent.report(replace(said, taken_at=utc_now())).status == 202


@dataclass
class Story:
    """The estate that the page tells of, hour by hour."""

    door: Door
    hours: float = 0.0
    machines: dict[str, Machine] = field(default_factory=dict)

    def clock(self) -> str:
        """Now, so many hours later."""
        return after(utc_now(), self.hours)

    def settle(self) -> None:
        """Apply what is queued."""
        while self.door.services.applier.step():
            pass

    def starts(self, name: str, facts: dict[str, Value], *more: Section, called: str | None = None) -> None:
        """A new agent on a machine reports for the first time."""
        self.machines[name] = Machine(self.door.enrolled(), [host(called or name, **facts), *more])
        self.machines[name].report()
        self.settle()

    def says(self, name: str, *sections: Section) -> None:
        """A known agent reports."""
        self.machines[name].report(*sections)
        self.settle()

    def later(self, days: float, *silent: str) -> None:
        """Days go by in which all agents but the silent ones go on reporting; then the sweep."""
        self.hours += days * 24
        for name, machine in self.machines.items():
            if name not in {*silent, "web1"}:  # web1's first agent is revoked by then
                machine.report()
        self.settle()
        Sweeper(self.door.services.store, self.door.services.inbox, self.clock).step()

    def stops_listing(self) -> None:
        """The collector of services of the new web1 finds nothing any more."""
        self.says("web1 again", services())


@pytest.fixture
def story(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """A server that nobody reported to, with an admin's token where the command line looks for it."""
    with admins_door(tmp_path, store, monkeypatch) as door:
        made = Story(door)
        monkeypatch.setattr("cmdb_graphql.fields.commands.utc_now", made.clock)
        for part in (door.services.inbox, door.services.applier):
            monkeypatch.setattr(part, "_clock", made.clock)
        yield made


@pytest.mark.neo4j
def test_every_command_of_the_page_prints_what_the_page_says(
    story: Story,
) -> None:
    """An estate in motion, told to an operator: each command typed in the page's order against the real server."""
    many = [service(f"site{n}", 8000 + n) for n in range(1, 15)]
    web1 = [network("10.0.0.5"), services(SHOP, *many), sockets(uses(SHOP, "10.0.0.7:5432"))]
    steps = {
        "web1 reports": lambda: story.starts("web1", WEB1, *web1),
        "kiosk4 reports": lambda: story.starts("kiosk4", KIOSK),
        "db2 reports": lambda: story.starts("db2", DB2, network("10.0.0.7"), services(DATABASE)),
        "app1 and its clone report": lambda: [story.starts("app1", APP1), story.starts("app2", APP2)],
        "web1 is installed anew": lambda: story.starts("web1 again", {**WEB1, "machine_id": "9" + "0a1b" * 7 + "c2d"},
                                                       *web1, called="web1"),
        "kiosk5 reports": lambda: story.starts("kiosk5", KIOSK5),
        "nas1 reports": lambda: story.starts("nas1", NAS1),
        "app2 is silent for two days": lambda: story.later(2, "app2"),
        "app2 is silent for a month": lambda: story.later(31, "app2"),
        "app2 reports again": lambda: story.says("app2"),
        "web1 lists no services": story.stops_listing,
    }  # fmt: skip
    Page(PAGE, steps, story.settle).check()


def rows(heading: str) -> list[list[str]]:
    """The cells of the page's table under a heading, without its own head."""
    lines = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")][2:]


def test_each_value_the_page_calls_refused_is_refused_for_that_reason() -> None:
    """The table of hygiene: key, values, reason as `ci why` prints it."""
    found = rows("Which values count")
    for key, values, reason in found:
        for value in re.findall(r"`([^`]*)`", values):
            name = key.split("`")[1]
            given: dict[str, Value] = {name: (value,) if name == "macs" else value}
            inside = {"virtualisation": "docker"} if "container" in reason else {}
            assert [one.reason for one in hygiene({**given, **inside})[1]] == [reason], (name, value)
    told = " ".join(reason for _, _, reason in found)
    assert all(f"({protocol})" in told for protocol in _SHARED_MACS.values())
    assert all(maker in told for maker in _MADE_MACS.values())


def test_the_page_has_the_rules_of_a_host_in_their_order() -> None:
    """Name and keys of each rule, as cmdb/classes/host.py declares them."""
    table = [row for row in rows("The rules, strongest first") if row[0].isdigit()]
    told = [(name, tuple(re.findall(r"`(\w+)`", keys))) for _, name, keys, _ in table]
    assert told == [(rule.name, rule.keys) for rule in HOST.identity]


def test_the_page_has_the_figures_of_the_code() -> None:
    """Leases, the brake and the order of sources are those that are in force."""
    text = " ".join(PAGE.read_text().split())
    assert f"more than {SHARE:.0%} and more than {ITEMS} items".replace("%", " %") in text
    assert f"after {HOST.lease.stale_days} day without a word it is **stale**" in text
    assert f"after {HOST.lease.retire_days} days it is **retired**" in text
    assert " > ".join(ranking(HOST, "model")) in text
