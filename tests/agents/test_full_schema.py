"""Every entity of the schema on a recorded machine that has all of them, as sections and as the graph they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agents.recorded_machines import edges, looked
from support.front_door import front_door
from support.questions import ADMIN, ask
from support.reports import NOW, host, report

from cmdb.store import By, Store
from cmdb.words import Evidence, Item, Link, Ref, Section

RACK = "racked-host"


def attributes(section: Section, key: str) -> dict[str, Any]:
    """The attributes of one item."""
    return next(dict(i.attributes) for i in section.items if i.key == key)


def test_the_host_says_what_it_is() -> None:
    """Keys, firmware, sockets, memory modules, start, routes and resolvers stand on the host; its system is shared."""
    section = looked(RACK)[1]["host"]
    found = attributes(section, "self")
    assert (found["cpu_sockets"], found["chassis_type"], found["boot_time"]) == (2, "server", "2026-11-06T21:20:00Z")
    assert found["memory_modules"] == ("DIMM A1: 32768 MiB DDR4", "DIMM B1: 32768 MiB DDR4")
    assert "0.0.0.0/0 via 10.20.0.1 dev bond0.120" in found["routes"]
    assert (found["dns_servers"], found["dns_search"]) == (("10.20.0.53",), ("shop.example",))
    assert edges(section) == {("self", "RUNS_SYSTEM", "os:debian/Debian GNU%2FLinux/12")}


def test_storage_layers() -> None:
    """Each layer lies on the one below; two paths to one LUN are one disk, and a mirror lives with half its members."""
    sections = looked(RACK)[1]
    assert edges(sections["storage"]) | edges(sections["filesystems"]) == {
        ("/", "STORED_ON", "vg0-root"), ("vg0-root", "STORED_ON", "md0"),
        ("md0", "STORED_ON", "sda1"), ("md0", "STORED_ON", "sdb1"),
        ("sda1", "STORED_ON", "BTYF0001"), ("sdb1", "STORED_ON", "BTYF0002"),
        ("/srv/pg", "STORED_ON", "mpatha"), ("mpatha", "STORED_ON", "3600a098038304437"),
        ("/srv/files", "STORED_ON", "tcp://10.20.0.40:2049"),
    }  # fmt: skip
    assert attributes(sections["storage"], "md0")["redundancy"] == ("STORED_ON: 1 full 2",)


def test_network_layers() -> None:
    """A VLAN is carried by its bond and the bond by its members; mode, number and driver are said."""
    section = looked(RACK)[1]["network"]
    carried = {(a, b) for a, kind, b in edges(section) if kind == "CARRIED_BY"}
    assert carried == {("bond0.120", "bond0"), ("bond0", "eno1"), ("bond0", "eno2")}
    assert attributes(section, "bond0")["bond_mode"] == "802.3ad"
    assert attributes(section, "bond0.120")["vlan_id"] == 120
    assert attributes(section, "eno1")["driver"] == "i40e"


def test_neighbours() -> None:
    """The gateway is known by a route, and switches by LLDP with chassis and port."""
    section = looked(RACK)[1]["neighbours"]
    assert attributes(section, "bond0.120 arp 10.20.0.1")["gateway"]
    leaf = next(i for i in section.items if i.name == "leaf1.shop.example")
    assert (leaf.attributes["interface"], leaf.attributes["port"]) == ("eno1", "Ethernet7")


def test_configuration_and_traffic_stand_apart() -> None:
    """What a file names and what a socket shows are two sections; the unit's own database is found by its address."""
    sections = looked(RACK)[1]
    both = ("unit:shop.service", "DEPENDS_ON", "tcp://10.20.0.90:5672")
    assert both in edges(sections["sockets"]) & edges(sections["configuration"])
    assert ("unit:shop.service", "DEPENDS_ON", "tcp://10.20.0.7:5432") in edges(sections["configuration"])
    assert ("unit:nginx.service", "DEPENDS_ON", "tcp://127.0.0.1:8000") in edges(sections["configuration"])
    assert ("self", "COMMUNICATES_WITH", "udp://10.20.0.53:53") in edges(sections["configuration"])


def test_packages_are_shared_versions() -> None:
    """Each package is a link to a version whose key is its package URL, signs and all."""
    keys = {k.target.key for k in looked(RACK)[1]["packages"].links}
    assert "pkg:deb/debian/libstdc++6@12.2.0-14?arch=amd64" in keys
    assert "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64" in keys


def test_accounts_certificates_and_containers() -> None:
    """Who may log in, what nginx shows until when, and which project a container belongs to."""
    sections = looked(RACK)[1]
    kinds = {i.key: (i.attributes["kind"], i.attributes["login"]) for i in sections["accounts"].items}
    assert kinds["anna"] == ("person", True)
    assert kinds["shop"] == ("system", False)
    (certificate,) = sections["certificates"].items
    assert (certificate.name, certificate.attributes["not_after"]) == ("shop.example", "2026-12-30T00:00:00Z")
    assert edges(sections["certificates"]) == {("unit:nginx.service", "SECURED_BY", certificate.key)}
    assert attributes(sections["containers"], "shop-cache")["owner"] == "compose shop"
    assert edges(sections["containers"]) == {("container:shop-cache", "RUNS_ON", "shop-cache")}


# --- as the graph ------------------------------------------------------------------------------------------

neo4j = pytest.mark.neo4j


def shown(store: Store, *relations: str) -> set[tuple[str, str, str]]:
    """Open edges by the names of their ends."""
    rows = {row["id"]: row["name"] for row in store.find(None, first=1000)}
    return {(rows[e.source], e.type, rows[e.target]) for e in store.edges(list(rows), "out", list(relations))}


def told(store: Store, seq: int = 1, node: str = "nd_rack") -> None:
    """The recorded machine's report into the graph."""
    store.apply(report(seq, *looked(RACK)[1].values(), node=node), NOW)


@neo4j
def test_the_graph_shows_all_of_it(store: Store) -> None:
    """Every entity of the report is a CI of its class, joined to what it is part of, lies on, shows and has."""
    told(store)
    assert store.counts() == {
        "Account": 4, "Certificate": 1, "Container": 1, "Disk": 3, "Endpoint": 3, "Filesystem": 3, "Host": 1,
        "IPAddress": 2, "Neighbour": 3, "NetworkInterface": 5, "OperatingSystem": 1, "Service": 4,
        "SoftwareVersion": 5, "Volume": 5,
    }  # fmt: skip
    assert shown(store, "STORED_ON") >= {("/", "STORED_ON", "vg0-root"), ("md0", "STORED_ON", "sda1")}
    assert shown(store, "SECURED_BY") == {("nginx", "SECURED_BY", "shop.example")}
    assert shown(store, "RUNS_SYSTEM") == {("rack7", "RUNS_SYSTEM", "Debian GNU/Linux 12")}
    assert ("rack7", "HAS_SOFTWARE", "openssl 3.0.11-1~deb12u2") in shown(store, "HAS_SOFTWARE")
    assert ("shop-cache", "RUNS_ON", "shop-cache") in shown(store, "RUNS_ON")
    depends = shown(store, "DEPENDS_ON")
    # The configured address is the host's own, so the dependency leads to the database itself.
    assert {("shop", "DEPENDS_ON", "postgresql@15-main"), ("nginx", "DEPENDS_ON", "shop")} <= depends


def believed(store: Store) -> dict[str, Any]:
    """The evidence that is believed first of the edge to the message queue."""
    rows = {row["id"]: row["name"] for row in store.find(None, first=1000)}
    edges = store.edges(list(rows), "out", ["DEPENDS_ON"])
    return next(dict(e.evidence) for e in edges if rows[e.target] == "tcp://10.20.0.90:5672")


@neo4j
def test_an_edge_keeps_both_kinds_of_evidence(store: Store) -> None:
    """What traffic shows is believed first, and what the configuration says stands beside it."""
    told(store)
    assert (believed(store)["kind"], believed(store)["confidence"]) == ("socket", 0.9)
    with_socket_gone = [s for s in looked(RACK)[1].values() if s.name != "sockets"]
    store.apply(report(2, *with_socket_gone, Section("sockets", True), node="nd_rack"), NOW)
    assert (believed(store)["kind"], believed(store)["confidence"]) == ("configuration", 0.6)


@neo4j
def test_two_hosts_share_one_version(store: Store) -> None:
    """A version is one thing however many have it, and it stays when one of them no longer does."""
    told(store)
    openssl = Ref("SoftwareVersion", "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64")
    has = Section(
        "packages", True, (), (Link("HAS_SOFTWARE", Ref("Host", "self"), openssl, Evidence("package", "x", 1.0)),)
    )
    store.apply(report(1, host("web2"), has, node="nd_2"), NOW)
    users = {e for e in shown(store, "HAS_SOFTWARE") if e[2].startswith("openssl")}
    assert users == {(name, "HAS_SOFTWARE", "openssl 3.0.11-1~deb12u2") for name in ("rack7", "web2")}
    store.apply(report(2, host("web2"), Section("packages", True), node="nd_2"), NOW)
    assert {e[0] for e in shown(store, "HAS_SOFTWARE") if e[2].startswith("openssl")} == {"rack7"}
    assert store.counts()["SoftwareVersion"] == 5


@neo4j
def test_packages_stay_while_other_sections_change(store: Store) -> None:
    """A report that says nothing of packages neither loads nor touches them, though its edges change."""
    told(store)
    sections = looked(RACK)[1]
    before = shown(store, "HAS_SOFTWARE")
    unchanged = [s for s in sections.values() if s.name not in {"services", "sockets"}]
    extra = Item("Service", "cron@1", "cron", {"kind": "program"})
    services = Section("services", True, (*sections["services"].items, extra))
    store.apply(report(2, services, Section("sockets", True), node="nd_rack", unchanged=unchanged), NOW)
    assert shown(store, "HAS_SOFTWARE") == before
    assert ("cron", "RUNS_ON", "rack7") in shown(store, "RUNS_ON")
    fewer = Section("packages", True, (), sections["packages"].links[:2])
    store.apply(report(3, fewer, node="nd_rack"), NOW)
    assert len(shown(store, "HAS_SOFTWARE")) == 2


@neo4j
def test_nobody_changes_a_shared_thing(store: Store) -> None:
    """What a person says of a version stands when hosts report it again, and its key's words stay beside it."""
    told(store)
    row = _openssl(store)
    store.update_ci(row["id"], row["rev"], {"supported_until": "2026-09-07T00:00:00Z"}, By("ann", NOW))
    told(store, seq=2)
    again = _openssl(store)
    assert again["product"] == "openssl"
    assert again["supported_until"].startswith("2026-09-07")


def _openssl(store: Store) -> dict[str, Any]:
    return next(r for r in store.find("SoftwareVersion", first=100) if r["name"].startswith("openssl "))


@neo4j
def test_who_has_a_package_is_one_question(store: Store, tmp_path: Path) -> None:
    """The saved question names every host that has some version of a package, in a few round trips."""
    told(store)
    with front_door(tmp_path / "door", store) as door:
        text = (Path(__file__).parents[2] / "graphql/operations/software_users.graphql").read_text()
        found = ask(door.services, text, ADMIN, product="openssl")["softwareVersions"]["nodes"]
    assert [(v["version"], [e["from"]["name"] for e in v["dependents"]["nodes"]]) for v in found] == [
        ("3.0.11-1~deb12u2", ["rack7"])
    ]
