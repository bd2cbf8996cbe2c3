"""docs/groups.md: what it prints is printed by the real programs, of a recorded load balancer."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.pages import Page
from support.reports import NOW, host, network, report, service, services
from support.signed_in import admins_door

from cmdb.store import Store
from cmdb_agents.run import look
from cmdb_agents.transports.readings import Given, Machine
from cmdb_agents.transports.recorded import Recorded

pytestmark = pytest.mark.neo4j

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "agents" / "recordings" / "load-balancer.json"


def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend with a spare server, a database with another one nobody reports, and a server nobody can find."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    machine = Recorded(RECORDED).read()

    def reports() -> None:
        apply(1, machine)
        for name, address, program, port in (
            ("app1", "10.20.0.11", "shop", 8080), ("app2", "10.20.0.12", "shop", 8080),
            ("app3", "10.20.0.13", "shop", 8080), ("db1", "10.20.0.21", "postgres", 5432),
        ):  # fmt: skip
            runs = replace(service(program, port), name=f"{program}-{name}")
            sections = host(name), network(address), services(runs)
            store.apply(report(1, *sections, node=f"nd_{name}", boot=f"boot-{name}"), NOW)

    def unknown() -> None:
        """As the agent says it of a file where app2 is called by a name."""
        pools = tuple(
            replace(p, members=(p.members[0], "app2.invalid:8080")) if p.program == "haproxy" else p
            for p in machine.pools
        )
        gone = ("tcp://10.20.0.12:8080", "tcp://10.20.0.13:8080")
        apply(2, replace(machine, pools=pools, targets=tuple(t for t in machine.targets if t.endpoint not in gone)))

    def apply(seq: int, seen: Machine) -> None:
        store.apply(report(seq, *look(Given(seen), {}, 1_795_000_000)[1], node="nd_lb1", boot="boot-lb1"), NOW)

    steps = {
        "lb1 reports, and so do the three servers of its backend and one of the two databases": reports,
        "the backend names a server that no name server knows": unknown,
    }
    with admins_door(tmp_path, store, monkeypatch):
        Page(ROOT / "docs" / "groups.md", steps).check()
