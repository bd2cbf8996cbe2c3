"""The kind `snmp` of the collector: what a look brings, which secrets it tries, and that a run is reported together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from conftest import free_port
from support.snmp_network import COMMUNITY, answering
from support.snmpd import AUTH_KEY, PRIVACY_KEY, USER, snmpd

from cmdb.errors import Invalid, NotAuthenticated, StoreUnavailable, Unavailable
from cmdb_agents.discover.credentials import Credentials, master_key
from cmdb_agents.discover.folder import Folder
from cmdb_agents.discover.kind import Place, Secret, Sight, Task
from cmdb_agents.discover.kinds.snmp import SNMP, look, plan
from cmdb_agents.discover.record import Ended, Run
from cmdb_agents.discover.run import Gather, perform, prepare
from cmdb_agents.discover.send import Collector
from cmdb_agents.discover.targets import Target
from cmdb_agents.home import Enrolled
from cmdb_agents.signing import Signer
from cmdb_agents.transports import snmp_walk

GOOD = Secret("lab", "community", "", COMMUNITY)
WRONG = Secret("old", "community", "", "another")


@pytest.fixture(autouse=True)
def soon_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not answer is given up after 1.4 s instead of 7, in as many tries."""
    monkeypatch.setattr(snmp_walk, "Bounds", partial(snmp_walk.Bounds, wait=0.2))


def task(port: int, *secrets: Secret, **options: str) -> Task:
    """A look at the first core."""
    return Task(Place("127.0.1.1", port), Path(), secrets, options=options, seconds=20)


def test_a_look_brings_the_device_with_its_ports_and_neighbours() -> None:
    """Sections for the run page, and the device itself, from which links are decided."""
    with answering() as port:
        sight = look(task(port, GOOD))
    assert sight.name == "core1" and sight.device is not None
    assert len(sight.device.neighbours) == 2 and sight.received > 100
    assert {item.cls for s in sight.sections for item in s.items} >= {"NetworkDevice", "NetworkInterface", "IPAddress"}


def test_the_next_secret_is_tried_where_one_is_answered_by_silence() -> None:
    """A wrong community before the right one costs its tries and no more; alone it is a device that does not answer."""
    with answering() as port:
        assert look(task(port, WRONG, GOOD)).name == "core1"
        with pytest.raises(Unavailable):
            look(task(port, WRONG))
    with pytest.raises(NotAuthenticated, match="no credential is bound"):
        look(task(port))


def test_a_user_of_version_3_has_his_passphrases_on_two_lines(tmp_path: Path) -> None:
    """Against a real daemon: both keys fit, a wrong one is refused by a word, three lines are no secret."""
    pytest.importorskip("pysnmp")
    good = Secret("v3", "usm", USER, f"{AUTH_KEY}\n{PRIVACY_KEY}")
    with snmpd(tmp_path) as port:
        here = replace(task(port, good), place=Place("127.0.0.1", port))
        assert look(here).name == "lab-host"
        with pytest.raises(NotAuthenticated):
            look(replace(here, secrets=(replace(good, secret="wrong-passphrase"),)))
    with pytest.raises(Invalid, match="one passphrase, or two"):
        look(replace(here, secrets=(replace(good, secret="a\nb\nc"),)))


def test_a_dry_run_says_what_would_be_sent_in_the_clear() -> None:
    """The plan names places, credentials and bounds, never a secret; a version that is none is refused by name."""
    text = "\n".join(plan(task(161, GOOD)))
    assert "community lab; version 2c sends its community in the clear" in text and "64 MiB" in text
    assert COMMUNITY not in text
    with pytest.raises(Invalid, match="is 1 or 2c"):
        plan(task(161, GOOD, version="3"))


@pytest.fixture
def run(tmp_path: Path) -> Callable[[int, Gather | None], Run]:
    """A run of an enrolled collector over two devices and an address where nobody is."""
    folder = Folder(tmp_path)
    store = Credentials(tmp_path / "credentials.db", master_key(tmp_path / "master.key"))
    store.put("lab", "community", "", COMMUNITY, ["127.0.1.0/24"], {}, "2030-01-01T00:00:00Z")
    collector = Collector(Enrolled("http://127.0.0.1:1", "nd_1", "nd_1"), Signer("nd_1", bytes(32)))
    hosts = ("127.0.1.1", "127.0.1.9", "127.0.1.3")

    def once(port: int, gather: Gather | None) -> Run:
        target = Target("lab", "snmp", hosts, ("lab",), rate=6000, port=port, allow=frozenset({"loopback"}))
        return perform(folder, prepare(folder, target, store, time.time()), collector, gather=gather)[0]

    return once


def test_a_run_reports_all_that_was_seen_together(run: Callable[[int, Gather | None], Run]) -> None:
    """Once, behind the last look, in the order of places; who was silent is not among them."""
    together: list[list[str]] = []

    def gather(target: Target, sights: Sequence[Sight]) -> list[int]:
        together.append([sight.name for sight in sights])
        return [3, 0]

    with answering() as port:
        done = run(port, gather)
    assert together == [["core1", "access1"]]
    assert [(p.ended, p.changed) for p in done.places] == [(Ended.SEEN, 3), (Ended.SILENT, 0), (Ended.SEEN, 0)]
    assert [phase.name for phase in done.phases] == ["looked", "reported"]


def test_what_could_not_be_reported_is_said_at_each_place(run: Callable[[int, Gather | None], Run]) -> None:
    """A server that is away, or a collector that knows no way to one: seen, and not sent; the run goes on."""

    def away(_target: Target, _sights: Sequence[Sight]) -> list[int]:
        raise StoreUnavailable("the database does not answer")

    with answering() as port:
        first, second = run(port, away), run(port, None)
    assert [p.ended for p in first.places] == [Ended.UNSENT, Ended.SILENT, Ended.UNSENT]
    assert first.places[0].why == "the database does not answer"
    assert "no way to report" in second.places[0].why


def test_nobody_is_asked_to_report_nothing(run: Callable[[int, Gather | None], Run]) -> None:
    """Where all were silent there is nothing to send."""
    done = run(free_port(), lambda _target, _sights: pytest.fail("nothing was seen"))
    assert {p.ended for p in done.places} == {Ended.SILENT}
    assert SNMP.together
