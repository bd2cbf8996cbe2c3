"""Dependencies from sockets: what the agent makes of them, and how the graph weighs what both ends say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from agents.recorded_machines import FOLDER, NOW, edges, looked
from support.reports import NOW as AT
from support.reports import host, network, report, service, services, sockets, uses

from cmdb.store import Store
from cmdb.words import GLANCED, SERVED, Evidence, Link, Problem, Ref, Section
from cmdb_agents.memory import CLIENT, LASTS, MAX_CLIENTS, SERVER_SAW, Known
from cmdb_agents.run import look
from cmdb_agents.transports.readings import Address, Interface, Machine, Socket, Translation
from cmdb_agents.transports.recorded import load


class Given:
    """A machine as it is given."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self) -> Machine:
        """That machine."""
        return self._machine


def rack(**changes: Any) -> Machine:
    """The recorded machine with some readings replaced."""
    return replace(load(json.loads((FOLDER / "racked-host.json").read_text())), **changes)


def seen(machine: Machine, known: dict[tuple[str, str], Known] | None = None) -> dict[str, Section]:
    """The sections of one look."""
    return {s.name: s for s in look(Given(machine), known or {}, NOW)[1]}


def test_a_server_says_from_where_it_is_used() -> None:
    """The database knows its client's address and no port of it; what the host itself asks is no client."""
    found = {i.key: i.attributes.get("clients") for i in looked("racked-host")[1]["services"].items}
    assert found["unit:postgresql@15-main.service"] == ("10.20.0.8",)
    assert found["unit:shop.service"] is None


def served(section: Section) -> list[tuple[str, str, str, float]]:
    """(address, service, kind, confidence) of what a server says of its clients."""
    return [(k.source.key, k.target.key, k.evidence.kind, k.evidence.confidence) for k in section.links if k.by_server]


def test_a_server_says_what_it_saw_of_each_client() -> None:
    """Its word travels beside what the host itself depends on: of one look it is no more than a short contact."""
    said = served(seen(rack())["sockets"])
    assert said == [("10.20.0.8", "unit:postgresql@15-main.service", GLANCED, SERVER_SAW)]
    lasts = Known(NOW - 600, NOW - 600, 0.9, True, LASTS)
    known = {(CLIENT + "unit:postgresql@15-main.service", "10.20.0.8"): lasts}
    assert served(seen(rack(), known)["sockets"]) == [(*said[0][:2], SERVED, SERVER_SAW)]


def test_who_is_behind_a_bridge_of_the_host_is_none_of_its_clients() -> None:
    """Where no cable leads out of a bridge its addresses are others' elsewhere; where one does they are as all are."""
    inside = Socket("tcp", "ESTABLISHED", "172.30.0.1", 443, "172.30.0.9", 50123, (700,))
    bridge = Interface("br-shop", devtype="bridge", addresses=(Address("172.30.0.1", 24),))
    port = Interface("veth9", master="br-shop")
    for member, wanted in ((port, None), (replace(port, device=True), ("172.30.0.9",))):
        given = rack(interfaces=(*rack().interfaces, bridge, member), sockets=(*rack().sockets, inside))
        found = {i.key: i.attributes.get("clients") for i in seen(given)["services"].items}
        assert found["unit:nginx.service"] == wanted


def test_that_not_all_clients_are_kept_is_told() -> None:
    """Both in the report and, for people, on the service."""
    crowd = [Socket("tcp", "ESTABLISHED", "10.20.0.7", 443, f"10.21.0.{n}", 50123, (700,)) for n in range(MAX_CLIENTS)]
    for some, wanted in ((crowd[1:], None), (crowd, True)):
        found = seen(rack(sockets=(*rack().sockets, *some)))
        told = {i.key: i.attributes.get("clients_left_out") for i in found["services"].items}
        assert told["unit:nginx.service"] is wanted
        said = Problem(f"clients of unit:nginx.service after the first {MAX_CLIENTS}", "truncated")
        assert (said in found["sockets"].problems) is bool(wanted)
        assert found["sockets"].complete == seen(rack())["sockets"].complete


def test_a_public_client_is_not_remembered() -> None:
    """Addresses of the Internet come and go and tell nothing about this organisation's services."""
    public = Socket("tcp", "ESTABLISHED", "10.20.0.7", 443, "203.0.113.9", 50123, (700,))
    private = replace(public, remote="100.64.0.9")
    found = {
        i.key: i.attributes.get("clients")
        for i in seen(rack(sockets=(*rack().sockets, public, private)))["services"].items
    }
    assert found["unit:nginx.service"] == ("100.64.0.9",)


def test_a_server_that_closes_first_remembers_its_client() -> None:
    """What is left of a short connection lies at the end that closed it: there it tells from where a service is used,
    by the listener it came through, and is no dependency of the server's.
    """
    left = Socket("tcp", "TIME_WAIT", "10.20.0.7", 443, "10.20.0.77", 50124, ())
    nobodys = replace(left, local_port=9, remote="10.20.0.78")
    found = seen(rack(sockets=(*rack().sockets, left, nobodys)))
    clients = {i.key: i.attributes.get("clients") for i in found["services"].items}
    assert clients["unit:nginx.service"] == ("10.20.0.77",)
    assert "10.20.0.78" not in {address for some in clients.values() for address in some or ()}
    new = edges(found["sockets"]) - edges(seen(rack())["sockets"])
    assert new == {("10.20.0.77", "USES", "unit:nginx.service")}


def test_a_rewritten_address_leads_to_who_answers() -> None:
    """Behind a virtual address that this kernel rewrites the dependency is the real server, not the address asked."""
    socket = Socket("tcp", "ESTABLISHED", "10.20.0.7", 45100, "10.96.0.10", 443, (900,))
    real = Translation("tcp", "10.20.0.7", 45100, "10.96.0.10", 443, "10.244.1.5", 8443)
    plain = edges(seen(rack(sockets=(*rack().sockets, socket)))["sockets"])
    assert ("unit:shop.service", "DEPENDS_ON", "tcp://10.96.0.10:443") in plain
    found = edges(seen(rack(sockets=(*rack().sockets, socket), translations=(real,)))["sockets"])
    assert ("unit:shop.service", "DEPENDS_ON", "tcp://10.244.1.5:8443") in found
    assert not [e for e in found if "10.96.0.10" in e[2]]


def test_a_published_port_rewritten_to_a_container_is_the_containers() -> None:
    """A connection to the host's own published port is a dependency on the container behind it."""
    socket = Socket("tcp", "ESTABLISHED", "127.0.0.1", 45200, "127.0.0.1", 6379, (900,))
    found = edges(seen(rack(sockets=(*rack().sockets, socket)))["sockets"])
    assert ("unit:shop.service", "DEPENDS_ON", "tcp://127.0.0.1:6379") in found


def test_a_port_that_the_kernel_passes_on_is_a_service() -> None:
    """Who asks at this host's port depends on a service here, which depends on who answers; it is remembered, and is
    none where a program listens, where this host itself asks, or where containers without a name may answer."""
    passed = Translation("tcp", "10.20.0.8", 45100, "10.20.0.7", 8443, "10.30.0.5", 443)
    mine = replace(passed, local="10.20.0.7")
    taken = replace(passed, asked_port=443)  # nginx listens there
    key = "forward:tcp://10.20.0.7:8443"
    given = rack(translations=(passed, mine, taken))
    view, _ = look(Given(given), {}, NOW)
    sections = seen(given)
    assert [k for k in edges(sections["sockets"]) if k[0].startswith("forward:")] == [
        (key, "DEPENDS_ON", "tcp://10.30.0.5:443")
    ]
    (item,) = (i for i in sections["services"].items if i.attributes["kind"] == "forward")
    assert (item.key, item.name, item.attributes["listens"]) == (key, "forward 10.20.0.7:8443", (key[8:],))
    later = seen(rack(), dict(view.known))
    assert key in {i.key for i in later["services"].items}
    assert "conntrack" in {k.evidence.kind for k in later["sockets"].links}


def test_a_monitoring_service_is_marked() -> None:
    """A poller's short contacts with many are marked as monitoring; what it keeps open is a dependency."""
    known = {
        ("unit:shop.service", f"tcp://10.30.0.{n}:9100"): Known(NOW - 60, NOW - 60, 0.9, True, held=0)
        for n in range(40)
    }
    found = seen(rack(), known)["sockets"]
    kinds = {k.target.key: (k.type, k.evidence.kind) for k in found.links if k.source.key == "unit:shop.service"}
    assert kinds["tcp://10.30.0.7:9100"] == ("COMMUNICATES_WITH", "monitoring")
    assert kinds["tcp://10.20.0.90:5672"] == ("DEPENDS_ON", "socket")


def test_clients_are_nobodys_dependencies() -> None:
    """What is remembered of clients makes no edge of the server's."""
    known = {(CLIENT + "unit:shop.service", "10.20.0.9"): Known(NOW, NOW, 0.9, True, 2)}
    assert not [e for e in edges(seen(rack(), known)["sockets"]) if e[2] == "10.20.0.9" or e[0].startswith(CLIENT)]


# --- what both ends say --------------------------------------------------------------------------------------

neo4j = pytest.mark.neo4j

APP = service("app", 8000)


def database(*clients: str) -> Any:
    """A database, used from these addresses."""
    return service("postgres", 5432, **({"clients": clients} if clients else {}))


def client(store: Store, seq: int, *, connected: bool = True) -> None:
    """The client's report: an application on 10.0.0.7 that uses the database on 10.0.0.5, or no longer does."""
    links = [uses(APP, "10.0.0.5:5432")] if connected else []
    parts = [host("web1"), network("10.0.0.7"), services(APP), sockets(*links)]
    store.apply(report(seq, *parts, node="nd_web"), AT)


def server(store: Store, seq: int, *clients: str) -> None:
    """The server's report."""
    parts = [host("db1"), network("10.0.0.5"), services(database(*clients)), sockets()]
    store.apply(report(seq, *parts, node="nd_db", boot="boot-2"), AT)


def proof(store: Store) -> list[tuple[str, str, float, str]]:
    """(target, kind believed, confidence, whose word that is) of each open dependency."""
    rows = {row["id"]: row["name"] for row in store.find(None, first=100)}
    return [
        (rows[e.target], e.evidence["kind"], e.evidence["confidence"], e.scope)
        for e in store.edges(list(rows), "out", ["DEPENDS_ON"])
    ]


ONE = ("postgres", "socket", 0.9, "nd_web/sockets")
TWO = ("postgres", "both ends", 0.99, "nd_db/sockets")


@neo4j
@pytest.mark.parametrize("first", ["client", "server"])
def test_what_both_ends_saw_is_surer(store: Store, first: str) -> None:
    """Whoever reports first, an edge that the server's agent confirms is believed as seen by both ends."""
    if first == "client":
        client(store, 1)
        assert proof(store) == [("tcp://10.0.0.5:5432", "socket", 0.9, "nd_web/sockets")]
        server(store, 1, "10.0.0.7")
    else:
        server(store, 1, "10.0.0.7")
        client(store, 1)
    assert proof(store) == [TWO]


@neo4j
def test_another_client_confirms_nothing(store: Store) -> None:
    """A server that is used from other addresses says nothing about this client; it is believed as seen by one end."""
    client(store, 1)
    server(store, 1, "10.0.0.99")
    assert proof(store) == [ONE]
    server(store, 2, "10.0.0.7", "10.0.0.99")
    assert proof(store) == [TWO]
    server(store, 3, "10.0.0.99")
    assert proof(store) == [ONE]


@neo4j
def test_being_watched_is_no_dependency_however_many_see_it(store: Store) -> None:
    """A contact that only looks at the server stays what it is when the server sees the poller, too."""
    server(store, 1, "10.0.0.7")
    watch = Link("COMMUNICATES_WITH", APP.ref, Ref("Endpoint", "tcp://10.0.0.5:5432"), Evidence("monitoring", "", 0.9))
    store.apply(report(1, host("web1"), network("10.0.0.7"), services(APP), sockets(watch), node="nd_web"), AT)
    rows = [row["id"] for row in store.find(None, first=100)]
    assert [e.evidence["kind"] for e in store.edges(rows, "out", ["COMMUNICATES_WITH"])] == ["monitoring"]
    assert proof(store) == []


@neo4j
def test_a_confirmation_alone_is_no_edge(store: Store) -> None:
    """When the client no longer has the connection, the server's memory of it does not keep the edge open."""
    server(store, 1, "10.0.0.7")
    client(store, 1)
    client(store, 2, connected=False)
    assert proof(store) == []
    server(store, 2, "10.0.0.7")
    assert proof(store) == []


@neo4j
def test_an_edge_follows_a_virtual_address(store: Store) -> None:
    """When an address moves to the standby, the dependency leads to the service there, and back to none when nobody
    has it."""
    client(store, 1)
    server(store, 1)
    standby = service("standby", 5432)
    store.apply(report(1, host("db2"), network("10.0.0.6"), services(standby), node="nd_2", boot="b2"), AT)
    assert [row[0] for row in proof(store)] == ["postgres"]
    store.apply(report(2, host("db1"), network("10.0.0.4"), services(database()), node="nd_db", boot="boot-2"), AT)
    assert [row[0] for row in proof(store)] == ["tcp://10.0.0.5:5432"]
    store.apply(report(2, host("db2"), network("10.0.0.6", "10.0.0.5"), services(standby), node="nd_2", boot="b2"), AT)
    assert [row[0] for row in proof(store)] == ["standby"]
