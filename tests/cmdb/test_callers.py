"""Clients that only the server's end sees: who they become, who is believed before it, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest
from support.imported import BY, edge, load, node
from support.reports import NOW, host, network, report, service, services, sockets, uses

from cmdb.errors import Conflict
from cmdb.plan import Said
from cmdb.reconcile.callers import MANY, MOST_CLIENTS, calls, gateways
from cmdb.store import Store
from cmdb.words import GLANCED, SERVED, Evidence, Item, Link, Ref, Section

DB = service("postgres", 5432)
SINCE = "2026-10-01T00:00:00Z"


def seen(address: str, *, short: bool = False, at: Item = DB) -> Link:
    """A server's word on a client of one of its services."""
    proof = Evidence(GLANCED if short else SERVED, f"{address} connected, seen by the server only", 0.8, SINCE)
    return Link("USES", Ref("IPAddress", address), at.ref, proof)


def test_of_a_crowd_the_surest_are_taken_and_the_rest_is_told() -> None:
    """What is cut is said in a sentence; what stays does not depend on the order in which it was told."""
    crowd = [Said(1, seen(f"10.1.{n // 250}.{n % 250}")) for n in range(MOST_CLIENTS + 7)]
    kept, notes = calls({"sockets": tuple(crowd)})
    assert (kept, notes) == calls({"sockets": tuple(reversed(crowd))})
    assert len(kept) == MOST_CLIENTS
    assert notes == [f"{MOST_CLIENTS + 7} clients of 'postgres@5432': {MOST_CLIENTS} of them become edges"]


def test_the_ways_out_are_read_from_routes() -> None:
    """Only what is sent on through another address has one; a route on the link has none."""
    assert gateways(("0.0.0.0/0 via 10.0.0.1 dev eth0", "10.0.0.0/24 dev eth0", "::/0 via fe80::1 dev eth0")) == {
        "10.0.0.1", "fe80::1",
    }  # fmt: skip
    assert gateways(None) == frozenset()


# --- in the graph ------------------------------------------------------------------------------------------

neo4j = pytest.mark.neo4j


def server(store: Store, seq: int, *links: Link, complete: bool = True, **attributes: Any) -> None:
    """The whole report of the database's host, which has an agent."""
    parts = [host("db1", **attributes), network("10.0.0.5"), services(DB), sockets(*links, complete=complete)]
    store.apply(report(seq, *parts, node="nd_db", boot="boot-2"), NOW)


def known(store: Store, name: str, *addresses: str, cls: str = "Host", **attributes: Any) -> None:
    """A host or device that a scan or an import knows, with its addresses."""
    rows = [node("NetworkInterface", "eth0", key="eth0", ref=f"{name}-eth0", parent=name)]
    rows += [node("IPAddress", a, key=f"eth0 {a}", parent=name, address=a) for a in addresses]
    done = load(store, node(cls, name, ref=name, **attributes), *rows)
    assert {one.word for one in done.outcomes} == {"created"}, done.outcomes


def appliance(store: Store, name: str = "till-3", address: str = "10.0.0.77") -> None:
    """A host without an agent."""
    known(store, name, address, fqdn=f"{name}.shop.example")


def found(store: Store) -> list[tuple[str, str, str, str, float, str]]:
    """(client, relation, service, kind, confidence, whose word) of each open edge from a client to a service."""
    rows = {row["id"]: row["name"] for row in store.find(None, first=1000)}
    edges = store.edges(list(rows), "out", ["DEPENDS_ON", "USES", "COMMUNICATES_WITH"])
    return sorted(
        (rows[e.source], e.type, rows[e.target], e.evidence["kind"], e.evidence["confidence"], e.scope) for e in edges
    )


TILL = ("till-3", "USES", "postgres", "server", 0.8, "nd_db/sockets")


@neo4j
def test_a_client_without_an_agent_depends_on_the_service(store: Store) -> None:
    """A host that an import knows uses the database; what only that end saw is the evidence, with its age."""
    appliance(store)
    server(store, 1, seen("10.0.0.77"))
    assert found(store) == [TILL]
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    (one,) = store.edges([ids["till-3"]], "out", ["USES"])
    assert one.evidence["detail"] == "10.0.0.77 connected, seen by the server only"
    assert (one.evidence["first_seen"], one.evidence["last_seen"]) == (SINCE, None)
    server(store, 2, seen("10.0.0.77"))
    assert store.edges([ids["till-3"]], "out", ["USES"])[0].id == one.id


@neo4j
def test_an_address_that_nobody_has_makes_nothing_until_somebody_has_it(store: Store) -> None:
    """A hundred clients nobody knows are no placeholders; with the server's next whole report after a scan knows one,
    it is there, though the server says what it said."""
    server(store, 1, *(seen(f"10.0.9.{n}") for n in range(100)))
    assert (found(store), store.find("Endpoint")) == ([], [])
    appliance(store, address="10.0.9.7")
    server(store, 2, *(seen(f"10.0.9.{n}") for n in range(100)))
    assert found(store) == [TILL]


@neo4j
def test_an_address_of_several_is_nobodys(store: Store) -> None:
    """Container bridges and addresses that move are not guessed; nor is a virtual address that a balancer answers."""
    for name in ("till-3", "till-4"):
        known(store, name, "10.0.0.77", fqdn=f"{name}.shop.example")
    known(store, "till-5", "10.0.0.79", fqdn="till-5.shop.example")
    load(store, node("VirtualAddress", "vip", domain="shop", address="10.0.0.79", port=443, protocol="tcp"))
    server(store, 1, seen("10.0.0.77"), seen("10.0.0.79"))
    assert found(store) == []


@neo4j
def test_who_passes_others_traffic_on_is_no_client(store: Store) -> None:
    """The address of a router, a firewall or the way out stands for whoever is behind it; a printer's is its own."""
    known(store, "r1", "10.0.0.1", cls="NetworkDevice", kind="router", serial="FOC1234X0AB", vendor="cisco")
    known(store, "fw", "10.0.0.2", cls="Firewall", kind="other", serial="FGT60F12345", vendor="fortinet")
    known(store, "printer", "10.0.0.3", cls="NetworkDevice", kind="other", serial="VNB3K12345", vendor="hp")
    known(store, "way-out", "10.0.0.4", fqdn="way-out.shop.example")
    links = [seen(f"10.0.0.{n}") for n in range(1, 5)]
    server(store, 1, *links, routes=("0.0.0.0/0 via 10.0.0.4 dev eth0", "10.0.0.0/24 dev eth0"))
    assert [row[0] for row in found(store)] == ["printer"]


APP = service("app", 8000)


def client(store: Store, seq: int, *links: Link, complete: bool = True, **more: str) -> None:
    """The report of the till's own agent."""
    parts = [host("till-3", fqdn="till-3.shop.example"), network("10.0.0.77"), services(APP)]
    store.apply(report(seq, *parts, sockets(*links, complete=complete), node="nd_till", **more), NOW)


@neo4j
@pytest.mark.parametrize("first", ["client", "server"])
def test_what_the_client_says_itself_stands_instead(store: Store, first: str) -> None:
    """Its agent knows the program: then that alone depends, seen by both ends, and the host does not depend twice."""
    appliance(store)
    own = [uses(APP, "10.0.0.5:5432")]
    parts = [host("db1"), network("10.0.0.5"), services(service("postgres", 5432, clients=("10.0.0.77",)))]
    whole = [*parts, sockets(seen("10.0.0.77"))]
    for seq, who in enumerate((first, "server", "client", "server"), 1):
        if who == "client":
            client(store, seq, *own)
        else:
            store.apply(report(seq, *whole, node="nd_db", boot="boot-2"), NOW)
            assert seq > 1 or first == "client" or found(store) == [TILL]
    assert found(store) == [("app", "DEPENDS_ON", "postgres", "both ends", 0.99, "nd_db/sockets")]


@neo4j
def test_a_client_that_tells_all_and_not_this_is_believed(store: Store) -> None:
    """It sees its own lasting connections: what comes from its address without it comes from behind it (NAT). One that
    could not see all of them is not taken at its silence."""
    appliance(store)
    server(store, 1, seen("10.0.0.77"))
    client(store, 1, complete=False)
    assert found(store) == [TILL]
    server(store, 2, seen("10.0.0.77"))
    assert found(store) == [TILL]
    client(store, 2)
    assert found(store) == []
    server(store, 3, seen("10.0.0.77"))
    assert found(store) == []


@neo4j
def test_a_client_that_has_fallen_silent_is_seen_by_its_server(store: Store) -> None:
    """A host that was looked at a month ago says nothing any more: when it is stale, the server's word counts again."""
    client(store, 1)
    server(store, 1, seen("10.0.0.77"))
    assert found(store) == []
    store._bolt.write(lambda run: run("MATCH (h:Host {name: 'till-3'}) SET h.stale_since = '2026-10-30'", {}))
    server(store, 2, seen("10.0.0.77"))
    assert found(store) == [TILL]


@neo4j
def test_it_ends_with_the_servers_word(store: Store) -> None:
    """A section that could not be read whole takes nothing back; one that was does, and so does the end of the
    service."""
    appliance(store)
    server(store, 1, seen("10.0.0.77"))
    server(store, 2, complete=False)
    assert found(store) == [TILL]
    server(store, 3)
    assert found(store) == []
    server(store, 4, seen("10.0.0.77"))
    store.apply(report(5, host("db1"), network("10.0.0.5"), services(), sockets(), node="nd_db", boot="boot-2"), NOW)
    assert found(store) == []


@neo4j
def test_who_looks_at_many_for_short_watches_them(store: Store) -> None:
    """With the twentieth host a client that keeps no connection has contacts, also with those that report again;
    what it keeps open it needs."""
    appliance(store)
    for n in range(MANY):
        _one_of_many(store, n, 1)
    kinds = [row[1] for row in found(store)]
    assert kinds == ["COMMUNICATES_WITH"] + ["USES"] * (MANY - 1)
    for n in range(MANY):
        _one_of_many(store, n, 2)
    assert {row[1:4:2] for row in found(store)} == {("COMMUNICATES_WITH", "monitoring")}
    server(store, 1, seen("10.0.0.77"))
    assert TILL in found(store)


def _one_of_many(store: Store, n: int, seq: int) -> None:
    parts = [host(f"h{n}"), network(f"10.7.0.{n + 1}"), services(DB), sockets(seen("10.0.0.77", short=True))]
    store.apply(report(seq, *parts, node=f"nd_{n}", boot=f"boot-{n}"), NOW)


@neo4j
def test_a_servers_word_is_refused_in_one_call(store: Store) -> None:
    """Who unlinks it is believed from then on, whatever the server goes on saying, until that is taken back; what an
    agent says of itself cannot be unlinked so."""
    appliance(store)
    server(store, 1, seen("10.0.0.77"))
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    done = store.unlink_cis("USES", ids["till-3"], ids["postgres"], BY)
    assert "nd_db is not believed any more" in done.summary
    assert found(store) == []
    server(store, 2, seen("10.0.0.77"))
    assert found(store) == []
    store.update_ci(ids["postgres"], None, {"refused_clients": None}, BY)
    server(store, 3, seen("10.0.0.77"))
    assert found(store) == [TILL]
    client(store, 1, uses(APP, "10.0.0.5:5432"))
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    with pytest.raises(Conflict, match="was not linked by hand"):
        store.unlink_cis("DEPENDS_ON", ids["app"], ids["postgres"], BY)


@neo4j
def test_a_lying_server_changes_nothing_of_others(store: Store) -> None:
    """T4: whoever it names as its client, that CI keeps its attributes, its name and its revision; the lie is an edge
    with its author's name on it."""
    appliance(store)
    before = [row for row in store.find(None, first=100) if row["name"] != "db1"]
    ids = [row["id"] for row in before]
    server(store, 1, seen("10.0.0.77"))
    after = [row for row in store.find(None, first=100) if row["id"] in ids]
    assert after == before
    assert found(store) == [TILL]


@neo4j
def test_what_people_and_imports_say_stands_beside(store: Store) -> None:
    """The same edge told by an import stays when the server's word goes."""
    appliance(store)
    server(store, 1, seen("10.0.0.77"))
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    load(store, edge("USES", ids["till-3"], ids["postgres"]))
    server(store, 2)
    assert [row[:3] for row in found(store)] == [TILL[:3]]


def test_a_word_on_a_client_may_stand_in_a_whole_report() -> None:
    """Its address is no item of the report; one that is none is refused by its place, as is what no service is."""
    import orjson
    from support.reports import wire

    from cmdb.errors import Invalid
    from cmdb.ingest import parse

    def whole(*links: Link) -> bytes:
        parts = [host("db1"), network("10.0.0.5"), services(DB), Section("sockets", True, (), links)]
        return orjson.dumps(wire(report(1, *parts)))

    (link,) = parse(whole(seen("::ffff:10.0.0.77"))).sections[3].links
    assert link.source == Ref("IPAddress", "10.0.0.77")
    with pytest.raises(Invalid) as refused:
        parse(whole(seen("somewhere")))
    assert refused.value.where == "$.sections.sockets.links[0].from.key"
    with pytest.raises(Invalid, match="USES goes from"):
        parse(whole(Link("USES", Ref("IPAddress", "10.0.0.77"), Ref("Host", "self"), Evidence(SERVED, "", 0.8))))


@neo4j
def test_what_only_the_server_sees_goes_on_and_ends_in_reports_of_a_part(store: Store) -> None:
    """A report that leaves out where the host is reached looks at these edges alone: none is doubled, none is kept."""
    appliance(store)
    appliance(store, "till-4", "10.0.0.78")
    server(store, 1, seen("10.0.0.77"), seen("10.0.0.78"))
    idle = Item("Service", "cron.service", "cron", {"kind": "systemd"})
    store.apply(report(2, services(DB, idle), node="nd_db", boot="boot-2"), NOW)
    assert found(store) == [TILL, ("till-4", *TILL[1:])]
    store.apply(report(3, sockets(seen("10.0.0.77")), node="nd_db", boot="boot-2"), NOW)
    assert found(store) == [TILL]
    store.apply(report(4, sockets(seen("10.0.0.78")), node="nd_db", boot="boot-2"), NOW)
    assert found(store) == [("till-4", *TILL[1:])]
