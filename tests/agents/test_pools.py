"""Redundancy from configuration: from the text of a file on a host to the answer to what breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agents.recorded_machines import looked
from agents.test_readers import write
from support.questions import ask, parts
from support.reports import NOW, host, network, report, service, services

from cmdb.store import Store
from cmdb.words import Section
from cmdb_agents.memory import ESTABLISHED, Known, Pair
from cmdb_agents.run import look
from cmdb_agents.transports.linux import pools, targets
from cmdb_agents.transports.readings import Address, Given, Interface, Machine, Process, Socket, Unit
from cmdb_graphql.services import Services

IMPACT = """query I($of: [ID!]!) { impact(of: $of) { items { ci { name class } degree }
  risks { ci { name } redundancy { members } } problems { ci { name } why } } }"""
SEEN = Known(1, 1_795_000_000, ESTABLISHED, attributed=True, held=2)


def told(
    root: Path, address: str, *units: str, files: Mapping[str, str], known: Mapping[Pair, Known] | None = None
) -> dict[str, Section]:
    """What the agent says of a host with one address, these files (/ written as __) and units such as nginx:80."""
    hand = write(root, **files)
    named = [(name, int(port or 0), 100 + n) for n, (name, _, port) in enumerate(u.partition(":") for u in units)]
    machine = Machine(
        interfaces=(Interface("eth0", device=True, arp_type=1, state="up", addresses=(Address(address, 24),)),),
        units=tuple(Unit(f"{name}.service", active="active", sub="running", main_pid=pid) for name, _, pid in named),
        processes=tuple(
            Process(pid, 1, pid, name, (name,), f"/usr/bin/{name}", cgroup=f"/system.slice/{name}.service")
            for name, _, pid in named
        ),
        sockets=tuple(Socket("tcp", "LISTEN", "0.0.0.0", port, pids=(pid,)) for _, port, pid in named if port),
        targets=targets.read(hand),
        pools=pools.read(hand),
        troubles=tuple(hand.troubles),
    )
    return {s.name: s for s in look(Given(machine), known or {}, 1_795_000_000)[1]}


def rules(sections: Mapping[str, Section], unit: str) -> tuple[str, ...]:
    """The redundancy rules of a unit."""
    found = [i.attributes["redundancy"] for i in sections["configuration"].items if i.key == f"unit:{unit}.service"]
    return found[0] if found else ()  # type: ignore[return-value]  # strings by declaration


# --- what each format says ---------------------------------------------------------------------------------

NGINX = """
http {
  upstream shop { server 10.0.0.11:8080; server 10.0.0.12:8080; server 10.0.0.13:8080 backup;
    server 10.0.0.14:8080 down; }
  upstream lone { server 10.0.0.21:80; }
  upstream near { server 10.0.0.22:80; server unix:/run/app.sock; }
  upstream also { server 10.0.0.23:80; server 10.0.0.24:80; }
  server { location / { proxy_pass http://shop; } location /x { proxy_pass http://10.0.0.23:80; } }
}
"""
HAPROXY = """
defaults
  default-server check
backend app
  server a1 10.0.0.11:8080
  server a2 10.0.0.12:8080
  server a3 10.0.0.13:8080 backup
  server a4 10.0.0.14:8080 disabled
backend blind
  server b1 10.0.0.15:80 no-check
  server b2 10.0.0.16:80
  server b3 10.0.0.17:80 backup
backend lone
  server c1 10.0.0.18:80
peers both
  peer lb1 10.0.0.5:1024
  peer lb2 10.0.0.6:1024
"""
COROSYNC = """
totem {
  version: 2
  cluster_name: shop
}
nodelist {
  # the first
  node {
    ring0_addr: 10.0.0.5
    nodeid: 1
  }
  node {
    ring0_addr: 10.0.0.6
    nodeid: 2
  }
  %s
}
quorum {
  provider: corosync_votequorum
  %s
}
"""
KEEPALIVED = """
! of the pair
vrrp_instance VI_1 { virtual_ipaddress { 10.0.0.100/24 dev eth0 } }
virtual_server 10.0.0.100 80 {
    lb_kind DR   # as the manual says
    protocol TCP
    %s
    real_server 10.0.0.11 8080 {
        weight 2
        TCP_CHECK { connect_timeout 3 }
    }
    real_server 10.0.0.12 8080
    {
        HTTP_GET { url { path / } }
    }
    real_server 10.0.0.13 8080 { weight 0 TCP_CHECK { } }
}
virtual_server 10.0.0.100 53 { protocol UDP
  %s
}
"""
BLIND = "real_server 10.0.0.14 53 { }\nreal_server fd00::15 53 { }"
LONE = "real_server 10.0.0.14 53 { }"
THIRD = "node {\n ring0_addr: 10.0.0.7\n nodeid: 3\n }"
DEVICE = "device {\n model: net\n votes: 1\n net {\n host: 10.0.0.9\n }\n }"
MONGO = "mongodb://u:pw@10.0.0.11,10.0.0.12:27018,10.0.0.13/shop?replicaSet=rs0"

CASES = [
    pytest.param("nginx", "etc__nginx__nginx.conf", NGINX, (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:8080, tcp://10.0.0.12:8080, tcp://10.0.0.13:8080",
        "DEPENDS_ON: 1 of tcp://10.0.0.22:80 soft",
        "DEPENDS_ON: 1 of tcp://10.0.0.23:80", "DEPENDS_ON: 1 of tcp://10.0.0.23:80, tcp://10.0.0.24:80",
    ), id="nginx: backup is one more, down is none, a server that is needed alone too stays so"),
    pytest.param("haproxy", "etc__haproxy__haproxy.cfg", HAPROXY, (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:8080, tcp://10.0.0.12:8080, tcp://10.0.0.13:8080",
        "DEPENDS_ON: 1 of tcp://10.0.0.15:80, tcp://10.0.0.16:80 full 2",
        "DEPENDS_ON: 1 of tcp://10.0.0.6:1024 soft",
    ), id="haproxy: unchecked servers are all needed to be whole, their backup never used; peers are soft"),
    pytest.param("shop", "etc__default__shop",
        "DATABASE_URL=postgres://u:pw@10.0.0.11,10.0.0.12:5433/shop?target_session_attrs=read-write\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:5432, tcp://10.0.0.12:5433",), id="libpq URL: any one"),
    pytest.param("shop", "etc__default__shop", "PGHOST=10.0.0.11,10.0.0.12\nPGPORT=5433\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:5433, tcp://10.0.0.12:5433",), id="libpq variables: any one"),
    pytest.param("shop", "etc__default__shop", "DSN='host=10.0.0.11,10.0.0.12 port=5432,5433 dbname=x'\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:5432, tcp://10.0.0.12:5433",), id="connection string: any one"),
    pytest.param("shop", "etc__default__shop", "A=jdbc:mysql:loadbalance://10.0.0.11,10.0.0.12:3307/x\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:3306, tcp://10.0.0.12:3307",), id="JDBC: any one"),
    pytest.param("shop", "etc__default__shop",
        "A=memcached://10.0.0.11,10.0.0.12\nB=jdbc:mysql:replication://10.0.0.13,10.0.0.14/x\n", (
        ), id="parts of a cache, and a source with its replicas: each is needed"),
    pytest.param("shop", "etc__default__shop", "A=redis+sentinel://10.0.0.11:26379,10.0.0.12:26379/m\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:26379, tcp://10.0.0.12:26379",), id="Redis through sentinels: any one"),
    pytest.param("shop", "etc__default__shop", f"MONGO_URL={MONGO}\n", (
        "DEPENDS_ON: 2 of tcp://10.0.0.11:27017, tcp://10.0.0.12:27018, tcp://10.0.0.13:27017",
    ), id="MongoDB replica set: a majority"),
    pytest.param("shop", "etc__default__shop", f"MONGO_URL={MONGO}&readPreference=secondaryPreferred\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:27017, tcp://10.0.0.12:27018, tcp://10.0.0.13:27017 full 2",
    ), id="MongoDB: reads from secondaries go on with one"),
    pytest.param("shop", "etc__default__shop", "REDIS_SENTINELS=10.0.0.11:26379,10.0.0.12\nDB_HOST=10.0.0.13:1\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:26379, tcp://10.0.0.12:26379",), id="sentinels: any one"),
    pytest.param("shop", "etc__default__shop", "DB_URL=postgres://gone.invalid,10.0.0.12/x\n", (
        "DEPENDS_ON: 1 of gone.invalid:5432, tcp://10.0.0.12:5432",), id="a name nobody knows is kept"),
    pytest.param("shop", "etc__default__shop", "DB_URL=postgres://10.0.0.12/x\n", (), id="one is no pool"),
    pytest.param("pgbouncer", "etc__pgbouncer__pgbouncer.ini",
        "[databases]\nshop = host=10.0.0.11,10.0.0.12 port=5432\n;x = host=10.0.0.1,10.0.0.2\n[pgbouncer]\nauth=x\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:5432, tcp://10.0.0.12:5432",), id="pgbouncer: any one"),
    pytest.param("mongos", "etc__mongos.conf",
        "sharding:\n  configDB: cfg/10.0.0.11:27019,10.0.0.12:27019,10.0.0.13:27019  # three\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:27019, tcp://10.0.0.12:27019, tcp://10.0.0.13:27019 full 2",
    ), id="mongos: any configuration server, a majority to be whole"),
    pytest.param("redis-server", "etc__redis__redis.conf", "replicaof 10.0.0.1 6379\nreplicaof 10.0.0.2 6379\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.2:6379 soft",), id="redis: a replica follows whom the last line names"),
    pytest.param("redis-server", "etc__redis__redis.conf", "replicaof no one\n", (), id="redis: a master"),
    pytest.param("redis-sentinel", "etc__redis__sentinel.conf",
        "sentinel monitor m 10.0.0.11 6379 2\nsentinel known-replica m 10.0.0.12 6379\n"
        "sentinel known-sentinel m 10.0.0.6 26379 f0\nsentinel known-sentinel m 10.0.0.7 26379 f1\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:6379, tcp://10.0.0.12:6379 soft",
        "DEPENDS_ON: 1 of tcp://10.0.0.6:26379, tcp://10.0.0.7:26379 soft"), id="sentinel: itself and one of two"),
    pytest.param("mariadb", "etc__mysql__mariadb.conf.d__60-galera.cnf",
        "[galera]\nwsrep_on = ON\nwsrep_cluster_address = 'gcomm://10.0.0.5,10.0.0.6,10.0.0.7:4568?x=1'\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.6:4567, tcp://10.0.0.7:4568",), id="Galera: itself and one of two"),
    pytest.param("mariadb", "etc__mysql__my.cnf", "wsrep-cluster-address=gcomm://10.0.0.5,10.0.0.6\n", (
        "DEPENDS_ON: 1 of tcp://10.0.0.6:4567",), id="Galera: of two nodes both"),
    pytest.param("mysql", "etc__mysql__my.cnf", "wsrep_on=OFF\nwsrep_cluster_address=gcomm://10.0.0.5,10.0.0.6\n", (
        ), id="Galera: switched off"),
    pytest.param("keepalived", "etc__keepalived__keepalived.conf", KEEPALIVED % ("", BLIND), (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:8080, tcp://10.0.0.12:8080",
        "DEPENDS_ON: 1 of udp://10.0.0.14:53, udp://[fd00::15]:53 full 2",
    ), id="keepalived: any checked server, of unchecked ones all to be whole; weight 0 is none"),
    pytest.param("keepalived", "etc__keepalived__keepalived.conf", KEEPALIVED % ("quorum 2", LONE), (
        "DEPENDS_ON: 2 of tcp://10.0.0.11:8080*2, tcp://10.0.0.12:8080",
    ), id="keepalived: below its quorum it asks nobody; a server alone is no group"),
    pytest.param("keepalived", "etc__keepalived__keepalived.conf", KEEPALIVED % ("sorry_server 10.0.0.19 80", LONE), (
        "DEPENDS_ON: 1 of tcp://10.0.0.11:8080, tcp://10.0.0.12:8080 soft",
    ), id="keepalived: who is told sorry is degraded"),
    pytest.param("corosync", "etc__corosync__corosync.conf", COROSYNC % (THIRD, ""), (
        "DEPENDS_ON: 1 of udp://10.0.0.6:5405, udp://10.0.0.7:5405",), id="corosync: itself and one of two"),
    pytest.param("corosync", "etc__corosync__corosync.conf", COROSYNC % ("", "two_node: 1"), (
        "DEPENDS_ON: 1 of udp://10.0.0.6:5405 soft",), id="corosync: two_node goes on alone"),
    pytest.param("corosync", "etc__corosync__corosync.conf",
        COROSYNC % ("", DEVICE), (
        "DEPENDS_ON: 1 of udp://10.0.0.6:5405, tcp://10.0.0.9:5403",), id="corosync: a quorum device has a vote"),
    pytest.param("corosync", "etc__corosync__corosync.conf",
        COROSYNC % (THIRD.replace("nodeid: 3", "nodeid: 3\n quorum_votes: 3"), ""), (
        "DEPENDS_ON: 2 of udp://10.0.0.6:5405, udp://10.0.0.7:5405*3",), id="corosync: votes weigh"),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "file", "text", "wanted"), CASES)
def test_what_a_file_says_of_redundancy(
    tmp_path: Path, unit: str, file: str, text: str, wanted: tuple[str, ...]
) -> None:
    """The rules are what the file or its protocol says: its reader is no member, and each member is a dependency."""
    sections = told(tmp_path, "10.0.0.5", unit, files={file: text})
    assert rules(sections, unit) == tuple(sorted(wanted))
    linked = {k.target.key for k in sections["configuration"].links}
    named = {m.partition("*")[0] for r in wanted for m in r.partition(" of ")[2].split(" full ")[0].split(", ")}
    assert {n.removesuffix(" soft") for n in named if "://" in n} <= linked
    assert "pw" not in repr(sections["configuration"])


def test_a_quorum_that_can_never_be_is_a_problem(tmp_path: Path) -> None:
    """Two nodes that expect eleven votes: nothing is made of it, and the section says why."""
    text = COROSYNC % ("", "expected_votes: 11")
    section = told(tmp_path, "10.0.0.5", "corosync", files={"etc__corosync__corosync.conf": text})["configuration"]
    assert section.items == ()
    assert [(p.what, p.why) for p in section.problems] == [(
        "the redundancy that /etc/corosync/corosync.conf describes",
        "DEPENDS_ON: 5 of udp://10.0.0.6:5405: 5 of 1 can never be there",
    )]  # fmt: skip


def test_members_of_a_replica_set_are_those_it_talks_to(tmp_path: Path) -> None:
    """Of a MongoDB set every member that was seen counts, at the port of the set; nothing is said of a sharded one."""
    mine, talks = "unit:mongod.service", ("10.0.0.6:27017", "10.0.0.7:27017", "10.0.0.8:389")
    known = {(mine, f"tcp://{t}"): SEEN for t in talks}
    files = {"etc__mongod.conf": "replication:\n  replSetName: rs0\nnet:\n  port: 27017\n"}
    unseen = told(tmp_path, "10.0.0.5", "mongod", files=files, known=known)
    assert rules(unseen, "mongod") == ()  # it listens nowhere that could be seen: nobody is guessed
    found = told(tmp_path, "10.0.0.5", "mongod:27017", files=files, known=known)
    assert rules(found, "mongod") == ("DEPENDS_ON: 1 of tcp://10.0.0.6:27017, tcp://10.0.0.7:27017",)
    sharded = {"etc__mongod.conf": "replication:\n  replSetName: rs0\nsharding:\n  clusterRole: shardsvr\n"}
    assert rules(told(tmp_path, "10.0.0.5", "mongod:27017", files=sharded, known=known), "mongod") == ()


def test_a_promoted_standby_follows_nobody(tmp_path: Path) -> None:
    """primary_conninfo counts while standby.signal lies in the data folder, and where nobody may look there."""
    file = "etc__postgresql__15__main__postgresql.conf"
    text = "data_directory = '/srv/pg'\nprimary_conninfo = 'host=10.0.0.6 user=rep password=pw'\n"
    wanted = ("DEPENDS_ON: 1 of tcp://10.0.0.6:5432 soft",)

    def said(**more: str) -> tuple[str, ...]:
        return rules(told(tmp_path, "10.0.0.5", "postgresql@15-main", files={file: text, **more}), "postgresql@15-main")

    assert said() == wanted
    assert said(srv__pg__PG_VERSION="15", srv__pg__standby__signal="") == ()
    (tmp_path / "srv/pg/standby.signal").write_text("")
    assert said() == wanted
    (tmp_path / "srv/pg/standby.signal").unlink()
    assert said() == ()


# --- as the graph answers ----------------------------------------------------------------------------------

neo4j = pytest.mark.neo4j


class Estate:
    """Hosts reported one by one; questions by name."""

    def __init__(self, served: Services, root: Path) -> None:
        self.served, self.root = served, root
        self._seq: dict[str, int] = {}

    def runs(self, name: str, address: str, program: str, port: int, **attributes: Any) -> None:
        """A host with one listening program, called after the host."""
        one = replace(service(program, port, **attributes), name=f"{program} on {name}")
        self._apply(name, host(name), network(address), services(one))

    def configured(self, name: str, address: str, *units: str, **files: str) -> None:
        """A host whose agent reads these files."""
        found = told(self.root / name, address, *units, files=files)
        self._apply(name, host(name), found["network"], found["services"], found["configuration"])

    def _apply(self, node: str, *sections: Section) -> None:
        seq = self._seq[node] = self._seq.get(node, 0) + 1
        self.served.store.apply(report(seq, *sections, node=f"nd_{node}", boot=f"boot-{node}"), NOW)

    def stops(self, *names: str) -> dict[str, str]:
        """Which services are down, degraded or at risk when all of these stop."""
        ids = {row["name"]: row["id"] for row in self.served.store.find(None, first=500) if row["status"] == "live"}
        found = ask(self.served, IMPACT, of=[ids[name] for name in names])["impact"]
        self.problems = [(p["ci"]["name"], p["why"]) for p in found["problems"]]
        self.members = {r["ci"]["name"]: r["redundancy"]["members"] for r in found["risks"]}
        hit = {i["ci"]["name"]: i["degree"] for i in found["items"] if i["ci"]["class"] == "Service"}
        return hit | {r["ci"]["name"]: "AT RISK" for r in found["risks"]}


@pytest.fixture
def estate(tmp_path: Path, store: Store) -> Iterator[Estate]:
    """Nothing yet."""
    with parts(tmp_path / "home", store) as served:
        yield Estate(served, tmp_path)


BALANCED = """
defaults
  default-server check
backend app
  server a1 10.0.0.11:8080
  server a2 10.0.0.12:8080
  server a3 10.0.0.13:8080 backup
"""


@neo4j
def test_a_load_balancer_lives_with_any_of_its_servers(estate: Estate) -> None:
    """From haproxy.cfg to the answer: one of two left is no redundancy, none is down; also before the hosts report."""
    estate.configured("lb", "10.0.0.5", "haproxy", **{
        "etc__haproxy__haproxy.cfg": BALANCED.replace(" backup", " disabled")})  # fmt: skip
    assert estate.stops("tcp://10.0.0.11:8080") == {"haproxy": "AT RISK"}
    for n in (1, 2, 3):
        estate.runs(f"app{n}", f"10.0.0.1{n}", "shop", 8080)
    assert estate.stops("shop on app1") == {"haproxy": "AT RISK"}
    both = [row["id"] for row in estate.served.store.find("Service", first=9) if row["name"][-4:] in ("app1", "app2")]
    assert estate.members == {"haproxy": sorted(both)}  # who decides about changes knows partners by these
    assert estate.stops("app1", "app2")["haproxy"] == "DOWN"
    assert estate.problems == []
    assert estate.stops("app3") == {"shop on app3": "DOWN"}
    estate.configured("lb", "10.0.0.5", "haproxy", **{"etc__haproxy__haproxy.cfg": BALANCED})
    assert estate.stops("shop on app1") == {}
    assert estate.stops("shop on app1", "shop on app2") == {"haproxy": "AT RISK"}
    assert estate.stops("shop on app1", "shop on app2", "shop on app3") == {"haproxy": "DOWN"}


@neo4j
def test_two_addresses_of_one_service_are_lost_with_it(estate: Estate) -> None:
    """An upstream whose servers are one program is down with it, and no member is missed."""
    text = "http { upstream u { server 10.0.0.11:8080; server 10.0.0.11:8081; } }"
    estate.configured("lb", "10.0.0.5", "nginx", **{"etc__nginx__nginx.conf": text})
    listens = ("tcp://0.0.0.0:8080", "tcp://0.0.0.0:8081")
    estate.runs("app1", "10.0.0.11", "shop", 8080, listens=listens)
    assert estate.stops("shop on app1") == {"nginx": "DOWN"}
    assert estate.problems == []


@neo4j
def test_a_member_nobody_knows_is_told(estate: Estate) -> None:
    """A server whose name nobody resolves is missing from its group: a problem, and no redundancy that is not there."""
    estate.configured("web", "10.0.0.5", "shop", etc__default__shop="DB=postgres://gone.invalid,10.0.0.12/x\n")
    estate.runs("db2", "10.0.0.12", "postgres", 5432)
    assert estate.stops("postgres on db2") == {"shop": "DOWN"}
    assert estate.problems == [("shop", "gone.invalid:5432 is no dependency of it by DEPENDS_ON")]


@neo4j
def test_a_database_and_its_standby(estate: Estate) -> None:
    """A client of both goes on with either; the standby is degraded without its primary, and so is its client."""
    estate.runs("db1", "10.0.0.11", "postgres", 5432)
    estate.configured("db2", "10.0.0.12", "postgresql@15-main:5432", **{
        "etc__postgresql__15__main__postgresql.conf": "primary_conninfo = 'host=10.0.0.11'\n"})  # fmt: skip
    url = "DB=postgres://10.0.0.11,10.0.0.12/x?target_session_attrs=read-write\n"
    estate.configured("web", "10.0.0.5", "shop", etc__default__shop=url)
    assert estate.stops("db1") == {
        "postgres on db1": "DOWN", "postgresql@15-main": "DEGRADED", "shop": "AT RISK",
    }  # fmt: skip
    assert estate.stops("db1", "db2")["shop"] == "DOWN"


@neo4j
def test_a_cluster_lives_with_its_majority(estate: Estate) -> None:
    """Three nodes of Galera, each with its own file: one lost is no redundancy for the others, two are all of it."""
    text = "wsrep_on=ON\nwsrep_cluster_address=gcomm://10.0.0.11,10.0.0.12,10.0.0.13\n"
    for n in (1, 2, 3):
        unit = f"mariadb@{n}"
        estate.configured(f"db{n}", f"10.0.0.1{n}", f"{unit}:4567", **{"etc__mysql__my.cnf": text})
    assert estate.stops("mariadb@1") == {"mariadb@2": "AT RISK", "mariadb@3": "AT RISK"}
    assert estate.stops("mariadb@1", "mariadb@2") == {"mariadb@3": "DOWN"}
    assert estate.stops("db1") == {"mariadb@1": "DOWN", "mariadb@2": "AT RISK", "mariadb@3": "AT RISK"}
    assert estate.problems == []


@neo4j
def test_a_bond_lives_with_any_of_its_interfaces(estate: Estate) -> None:
    """One interface lost leaves the bond, its VLAN and its address at risk of the next; both take all of it down."""
    store = estate.served.store
    sections = looked("racked-host")[1]
    store.apply(report(1, *sections.values(), node="nd_rack"), NOW)
    rows = store.find("NetworkInterface", first=20)
    ids = {row["name"]: row["id"] for row in rows}
    one = ask(estate.served, IMPACT, of=[ids["eno1"]])["impact"]
    assert [r["ci"]["name"] for r in one["risks"]] == ["bond0"]
    assert one["items"] == []
    both = ask(estate.served, IMPACT, of=[ids["eno1"], ids["eno2"]])["impact"]
    assert {i["ci"]["name"]: i["degree"] for i in both["items"]} == {
        "bond0": "DOWN", "bond0.120": "DOWN", "10.20.0.7": "DOWN",
    }  # fmt: skip
