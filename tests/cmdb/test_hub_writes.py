"""What is written at a hub costs what is written, not what the hub has: counted by what Neo4j looks at."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import pytest
from support.imported import BY, edge, load, node, words
from support.reports import NOW, host, network, report, service, services, sockets, uses
from support.servers import small

from cmdb.engine import Engine
from cmdb.store import Store
from cmdb.store.session import Run
from cmdb.words import GLANCED, Evidence, Item, Link, Ref, Section

pytestmark = pytest.mark.neo4j

T = TypeVar("T")
MOST = 1_000
"""What Neo4j may look at for one of these; a hub has hundreds of edges, and each costs ten looks."""
EDGES = 400
LOOKS = 100
"""For one more client of a service, its edge with it."""
DNS, OPENSSL = "8.8.8.8:53", "pkg:deb/debian/openssl@3.0.15-1?arch=amd64"
SHOP, PAY, DB = service("shop", 443), service("pay", 444), service("db", 5432)
_CROWD = """
MATCH (h:CI {id: $hub}) UNWIND range(1, $edges) AS n
CREATE (c:CI:Host {id: $hub + '_' + n, class: 'Host', name: 'crowd' + n, key: $hub + n, status: 'live', rev: 1,
                   valid_from: 1})
CREATE (c)-[e:$($type)]->(h)
SET e = {id: $hub + '_e' + n, valid_from: 1, scope: 'a/b', kind: 'agent', detail: 'd', confidence: 1.0,
         valid_to: CASE n % 2 WHEN 0 THEN 1 END}
"""


_KNOWN = """
UNWIND range(0, $edges - 1) AS n
CREATE (c:CI:Host {id: 'known_' + n, class: 'Host', name: 'known' + n, key: 'known' + n, status: 'live', rev: 1,
                   valid_from: 1})
CREATE (:CI:IPAddress {id: 'at_' + n, class: 'IPAddress', key: 'at' + n, name: 'at' + n, parent: c.id, status: 'live',
                       rev: 1, valid_from: 1, address: '10.9.' + (n / 250) + '.' + (n % 250)})
WITH n, c MATCH (first:CI {id: 'known_0'})
CREATE (s:CI:Service {id: 'polled_' + n, parent: c.id, class: 'Service', key: 's', name: 's', status: 'live', rev: 1,
                      valid_from: 1})
CREATE (first)-[:COMMUNICATES_WITH {id: 'poll_' + n, valid_from: 1, scope: 'nd_' + n + '/sockets', kind: 'monitoring',
                                    detail: 'd', confidence: 0.8, valid_to: CASE n % 2 WHEN 0 THEN 1 END}]->(s)
"""
"""Hosts with addresses, of which the first takes short looks at all."""


_FULL = """
MATCH (h:CI {name: $hub}) UNWIND range(1, $inside) AS n
CREATE (:CI:Service {id: h.id + '_in' + n, parent: h.id, class: 'Service', key: 'in' + n, name: 'in' + n, rev: 1,
                     status: 'live', valid_from: 1, source: 'nd_1', search: 'in' + n})
"""
"""A host with many services."""


class _Profiled:
    """The real session, which asks Neo4j for each statement what it looked at."""

    whole = True

    def __init__(self, bolt: Any) -> None:
        self._bolt, self.hits = bolt, 0

    def read(self, work: Callable[[Run], T], **_: Any) -> T:
        return self.write(work)

    def write(self, work: Callable[[Run], T], **_: Any) -> T:
        with self._bolt._driver.session() as session:
            made: T = session.execute_write(lambda tx: work(partial(self._run, tx)))
        return made

    def _run(self, tx: Any, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        result = tx.run("PROFILE " + text, dict(parameters))
        rows = [dict(row) for row in result]
        self.hits += _looked_at(result.consume().profile)
        return rows


def _looked_at(plan: dict[str, Any]) -> int:
    return int(plan["args"].get("DbHits", 0)) + sum(_looked_at(child) for child in plan.get("children", ()))


def crowd(store: Store, hub: str, relation: str) -> None:
    """Thousands of edges that lead to a CI, half of them closed."""
    store._bolt.write(lambda run: run(_CROWD, {"hub": hub, "edges": EDGES, "type": relation}))


def _forget_plans(store: Store) -> None:
    """So that each is made for a graph that is small, whatever ran before: the worst that can be made."""
    store._bolt.write(lambda run: run("CALL db.clearQueryCaches()", {}))


def packages(*purls: str) -> Section:
    """The packages of a host."""
    sure, machine = Evidence("package", "dpkg", 1.0), Ref("Host", "self")
    links = (Link("HAS_SOFTWARE", machine, Ref("SoftwareVersion", purl), sure) for purl in purls)
    return Section("packages", True, (), tuple(links))


def called(store: Store, name: str) -> str:
    """The id of the one CI of that name."""
    (row,) = store._bolt.read(lambda run: run("MATCH (n:CI {name: $name}) RETURN n.id AS id", {"name": name}))
    return str(row["id"])


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """On a Neo4j of its own: how one looks for things hangs on what its statistics remember of other tests' graphs."""
    engine = Engine(small(tmp_path_factory.mktemp("hubs")))
    bolt = engine.start()
    made = Store(bolt.uri, bolt.user, bolt.password)
    made.migrate()
    yield made
    made.close()
    engine.stop()


@pytest.fixture
def busy(store: Store) -> Iterator[tuple[Store, Callable[[Callable[[Store], object]], int]]]:
    """A shop and its database, a switch and a site, all of them hubs; and how to count what something costs."""
    _forget_plans(store)
    store.apply(
        report(1, host(), network("10.0.0.1"), services(SHOP, PAY), sockets(uses(SHOP, DNS)), packages(OPENSSL)), NOW
    )
    store.apply(report(1, host("db1"), network("10.0.0.5"), services(DB), node="nd_2"), NOW)
    done = load(
        store,
        node("NetworkDevice", "sw1", ref="sw1", kind="switch", serial="FOC1234X0AB", vendor="cisco"),
        node("Host", "h1", ref="h1", serial="CZJ2Q7L9KM", vendor="dell"),
        node("Site", "s1", ref="s1", code="s1"),
    )
    assert not [o.reason for o in done.outcomes if o.word != "created"]
    hubs = {f"tcp://{DNS}": "DEPENDS_ON", "db": "DEPENDS_ON", "openssl 3.0.15-1": "HAS_SOFTWARE", "sw1": "ATTACHED_TO"}
    for name, relation in {**hubs, "s1": "LOCATED_IN"}.items():
        crowd(store, called(store, name), relation)

    yield store, partial(cost_of, store)


def cost_of(store: Store, does: Callable[[Store], object]) -> int:
    """What Neo4j looks at meanwhile."""
    measured = copy.copy(store)
    measured._bolt = counted = _Profiled(store._bolt)  # type: ignore[assignment]  # it has all that is called
    does(measured)
    return counted.hits


def test_the_rehearsal_of_a_first_import_costs_its_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """All through it Neo4j's statistics are of the empty graph; that makes no row look at all edges there are."""
    _forget_plans(store)
    monkeypatch.setattr("cmdb.store.imports.BATCH", 100)
    apps = [node("Application", f"app {n}", ref=f"a{n}", code=f"A{n:04}") for n in range(100)]
    edges = [edge("DEPENDS_ON", f"a{n}", f"a{to}") for n in range(100) for to in (n // 2 - 1, n // 3 - 2) if to >= 0]
    done: list[str] = []
    looks = cost_of(store, lambda s: done.extend(words(load(s, *apps, *edges, dry_run=True))))
    assert (set(done), len(done)) == ({"created"}, len([*apps, *edges]))
    assert looks < 80 * len(done), looks


def test_a_report_that_touches_a_hub_costs_what_it_says(busy: tuple[Store, Callable[..., int]]) -> None:
    """A name server nobody owns, another host's database, a version of a package: edges are opened and closed."""
    store, cost = busy
    steps = {
        "the hub's edges are more": lambda s: s.apply(report(2, sockets(uses(SHOP, DNS), uses(PAY, DNS))), NOW),
        "and fewer": lambda s: s.apply(report(3, sockets(uses(SHOP, "10.0.0.5:5432"))), NOW),
        "not the database's any more": lambda s: s.apply(report(4, sockets(uses(SHOP, DNS))), NOW),
        "no package": lambda s: s.apply(report(5, packages()), NOW),
        "a package again": lambda s: s.apply(report(6, packages(OPENSSL)), NOW),
    }
    costs = {name: cost(does) for name, does in steps.items()}
    assert max(costs.values()) < MOST, costs
    ends = {(e.type, e.target) for e in store.edges([called(store, name) for name in ("web1", "shop")], "out")}
    assert ("DEPENDS_ON", called(store, f"tcp://{DNS}")) in ends
    assert ("HAS_SOFTWARE", called(store, "openssl 3.0.15-1")) in ends, ends


def test_a_client_that_many_see_costs_what_it_is_to_one(busy: tuple[Store, Callable[..., int]]) -> None:
    """What polls hundreds of hosts is looked at as far as that decides whether it watches; of a database's clients
    each costs a few looks."""
    store, cost = busy
    store._bolt.write(lambda run: run(_KNOWN, {"edges": EDGES}))
    db = service("db", 5432)

    def told(seq: int, *clients: int) -> Callable[[Store], object]:
        return lambda s: s.apply(report(seq, sockets(*(_met(db, n) for n in clients)), node="nd_2"), NOW)

    few, many = (cost(told(seq, *range(1, 1 + number))) for seq, number in ((2, 20), (3, 40)))
    assert many - few < 20 * LOOKS, (few, many)
    again = cost(told(4, *range(2, 41)))
    assert again < many + 40 * LOOKS, (many, again)
    uses_ = store.edges([f"known_{n}" for n in range(EDGES)], "out", ["USES"])
    assert {e.source for e in uses_} == {f"known_{n}" for n in range(2, 41)}
    watches = cost(told(5, 0))
    assert watches < many + 4 * LOOKS, (many, watches)  # it has hundreds of edges, and 39 others end
    met = {e.target: e.evidence["kind"] for e in store.edges(["known_0"], "out")}
    assert met[called(store, "db")] == "monitoring"


def _met(at: Item, number: int) -> Link:
    proof = Evidence(GLANCED, "connected for short times", 0.8)
    return Link("USES", Ref("IPAddress", f"10.9.{number // 250}.{number % 250}"), at.ref, proof)


def test_a_report_of_the_hub_itself_costs_what_it_says(busy: tuple[Store, Callable[..., int]]) -> None:
    """A database whose own edges, packages or clients change; all who use it still do, and whom it sees counts."""
    store, cost = busy
    store.apply(report(2, sockets(uses(SHOP, "10.0.0.5:5432"))), NOW)
    seen = service("db", 5432, clients=("10.0.0.1", "10.8.8.8"))
    idle = Item("Service", "cron.service", "cron", {"kind": "systemd"})
    steps = {
        "an edge of its own": [sockets(uses(DB, DNS))],
        "a package": [packages(OPENSSL)],
        "clients": [services(seen)],
        "what nobody reaches": [services(seen, idle)],
        "and no edge": [services(seen), sockets()],
    }
    db, costs = called(store, "db"), {}
    for seq, (name, sections) in enumerate(steps.items(), 2):
        costs[name] = cost(lambda s, seq=seq, sections=sections: s.apply(report(seq, *sections, node="nd_2"), NOW))
    assert max(costs.values()) < MOST, costs
    into = store.edges([db], "in")
    assert len(into) == EDGES // 2 + 1
    assert [e.evidence["kind"] for e in into if e.source == called(store, "shop")] == ["both ends"]
    store.apply(report(7, services(DB), node="nd_2"), NOW)
    assert {e.evidence["kind"] for e in store.edges([db], "in")} == {"agent", "socket"}


def test_an_edge_of_a_person_or_an_import_to_a_hub_costs_that_edge(busy: tuple[Store, Callable[..., int]]) -> None:
    """To a site or a switch that half the estate is attached to."""
    store, cost = busy
    h1, site = called(store, "h1"), called(store, "s1")
    costs = {
        "link": cost(lambda s: s.link_cis("LOCATED_IN", h1, site, BY)),
        "unlink": cost(lambda s: s.unlink_cis("LOCATED_IN", h1, site, BY)),
        "import": cost(lambda s: load(s, edge("ATTACHED_TO", "h1", "sw1"))),
        "import of the hub": cost(lambda s: load(s, node("NetworkDevice", "sw1", ref="sw1", kind="switch", model="m"))),
        "update of the hub": cost(lambda s: s.update_ci(site, None, {"country": "AT"}, BY)),
    }
    assert max(costs.values()) < MOST, costs
    (attached,) = [e for e in store.edges([h1], "out") if e.type == "ATTACHED_TO"]
    assert cost(lambda s: s.withdraw("assets", [attached.id], BY)) < MOST
    assert not [e for e in store.edges([h1], "out") if e.type == "ATTACHED_TO"]


def test_one_of_what_is_inside_of_a_ci_costs_that_one(store: Store) -> None:
    """A row about one of the services of a host that has hundreds, which is there, or new."""
    _forget_plans(store)
    load(store, node("Host", "h1", ref="h1", serial="CZJ2Q7L9KM", vendor="dell"))
    store._bolt.write(lambda run: run(_FULL, {"hub": "h1", "inside": EDGES}))
    done: list[str] = []

    def one(name: str) -> int:
        row = node("Service", name, ref=name, parent="h1", kind="program")
        return cost_of(store, lambda s: done.extend(words(load(s, row))))

    costs = {name: one(name) for name in ("in7", "new")}
    assert done == ["changed", "created"]
    assert max(costs.values()) < 2 * LOOKS, costs


def test_a_placeholder_that_others_use_stays_and_goes_with_its_last_edge(store: Store) -> None:
    """That many others use it is known without counting them; when the last one goes, it is retired."""
    for number, name in enumerate(("web1", "web2"), 1):
        everything = report(1, host(name), services(SHOP), sockets(uses(SHOP, DNS)), node=f"nd_{number}")
        store.apply(everything, NOW)
    place = called(store, f"tcp://{DNS}")
    for number, word in ((1, "live"), (2, "retired")):
        store.apply(report(2, sockets(), node=f"nd_{number}"), NOW)
        assert store._bolt.read(lambda run: run("MATCH (n:CI {id: $id}) RETURN n.status AS s", {"id": place})) == [
            {"s": word}
        ]
