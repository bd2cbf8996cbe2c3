"""Everything that the product asks of a graph and does to it, once: so that whatever it sends to Neo4j is sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conftest import wipe
from support.asked import EXAMPLES, example, seeded
from support.imported import edge, load, node
from support.lives import BEGIN, MANY, by_hand
from support.questions import SHOP
from support.reports import NOW, host, network, report, services, sockets, uses

from cmdb.classes import catalogue
from cmdb.cypher import And, Compare, facts
from cmdb.cypher.filters import Related
from cmdb.governance import Policy, Rule
from cmdb.moments import after
from cmdb.projection.overlay import NEW, Overlay, ProposedCI, ProposedEdge, ProposedValues
from cmdb.store import By, Store
from cmdb.words import Wanted
from cmdb_processes.incident.records import EVENT

ANN = By("ann", NOW, "because")


def everything(home: Path, real: Store, asked: Store) -> None:
    """Ask and do it by `asked`, which is `real`; the graph is emptied before each part."""
    wipe(real)
    for does in by_hand(asked).values():
        does()
    _whole(asked)
    with seeded(home, real, asked) as (served, known):
        for path in EXAMPLES:
            example(served, known, path.read_text())
        _people(asked, known)
        _questions(asked, known, asked.sequence())
        _questions(asked, known, None)
        _imports(asked)


def _whole(store: Store) -> None:
    """What reads all there is, or pages of it."""
    store.graph(), store.digest(), store.totals(), store.met(), store.hosts_of_agents(), store.purged_to()
    store.topology(tuple(sorted(catalogue().relations)))
    list(store.export(store.sequence()))
    list(store.listed("assets"))
    store.entries_before(None, 5), store.entries_after(0, 5), store.sealed_after(0, 5), store.due(after(BEGIN, 90_000))
    store.warm(EVENT, NOW)
    store._bolt.write(lambda run: run(facts.HELD, {"seq": 1}))


def _people(store: Store, known: Mapping[str, Any]) -> None:
    """What a person does to CIs beyond what a life has."""
    web, shop = known["cis"][0], known["from"]
    site = store.create_ci("Site", "here", {"code": "h"}, ANN).ci
    rack = store.create_ci("Rack", "r1", {"code": "r1"}, ANN).ci
    app = store.create_ci("Application", "old", {}, ANN).ci
    store.set_expiry(app, None, after(NOW, 1), ANN), store.expire_cis(By("epicentre", after(NOW, 2)))
    store.set_lifecycle(site, None, "planned", ANN)
    store.tag_cis([site], ["a:b"], ANN), store.untag_cis([site], ["a:b"], ANN)
    store.link_cis("LOCATED_IN", rack, site, ANN), store.unlink_cis("LOCATED_IN", rack, site, ANN)
    store.create_ci("Filesystem", "/data", {"mount_point": "/data"}, ANN, parent=web)
    store.create_ci("Site", "campus", {"code": "c"}, ANN)
    room = store.create_ci("Room", "room", {"code": "room", "site_code": "h"}, ANN).ci
    store.link_cis("PART_OF", rack, room, ANN), store.link_cis("DEPENDS_ON", shop, known["to"], ANN)
    store.update_ci(shop, None, {"redundancy": ["DEPENDS_ON: 1 of neo4j, epicentre"]}, ANN)
    store.update_ci(known["to"], None, {"condition": "down"}, ANN)
    late = store.create_ci("Application", "late", {}, ANN).ci
    store.link_cis("DEPENDS_ON", late, known["to"], ANN)
    store.define_view("seen", Compare("class", "eq", "Host"), ANN)
    seen = store.seen_by("seen")
    seen.find("Host"), seen.search("web"), seen.cis([web]), seen.reach([shop])
    store.put_policy(Policy("by-name", "Host", Rule.PRECEDENCE, "model", ("person", "agent")), ANN)
    store.update_ci(web, None, {"model": "R640"}, ANN)
    store.put_policy(Policy("by-name", "Host", Rule.PRECEDENCE, "model", ("agent", "person")), ANN)
    (
        store.violations(None, None, 5),
        store.violation_counts("Host", None),
        store.crowds(5),
        store.lift_policy("by-name", ANN),
    )


def _questions(store: Store, known: Mapping[str, Any], at: int | None) -> None:
    """What fields of a CI, a record and an answer ask, of now and of then."""
    ids = [known["cis"][0], *known["of"]]
    store.states(ids, at or 1), store.known(ids), store.claims_of(ids, at), store.identity_traces(ids, at)
    late = [row["id"] for row in store.find("Application")]
    edges = [one.id for one in store.edges(ids, "in", at=at)]
    store.known_edges(edges), store.edge_life(edges[0], 5), store.history_of(ids[0], 5), store.lately(ids, 24, NOW, at)
    store.edges_of(ids, "out", 5, ("DEPENDS_ON", edges[0]), None, at), store.edges_of(ids, "in", 5, None, None, at)
    store.children(ids, 5, ("Service", "a", "ci_"), None, at), store.children(ids, 5, None, "Service", at)
    (
        store.outages(ids, NOW, at),
        store.downtime([*ids, *late], NOW, at, since=BEGIN),
        store.heard(["nd_1", "ada"], at or 1),
    )
    store.path(known["from"], known["to"], at=at), store.paths(known["from"], known["to"], 2, at=at)
    begun = store.begin(ids, at)
    store.slice_of(ids, begun.sequence, None, then=at), store.needed(ids, at), store.reach(ids, at)
    store.difference(1, store.sequence(), ids, "Host", 5), store.difference_counts(1, store.sequence(), None, None)
    where = And((Compare("name", "prefix", "w"), Related("RUNS_ON", "in", Compare("name", "eq", "neo4j"))))
    for cls in (None, "Host"):
        store.find(cls, where, (("name", "asc"),), 5, ("a", "ci_"), at), store.count(cls, where, at)
        store.resolve("web", cls, retired=True, at=at), store.sources(cls, where, at)
    for by in ("class", "site", "owner", "status"):
        store.counts_by(by, None, "Host", where, 5, None, {}, at)
    store.find(None, Compare("id", "in", ids), at=at), store.find("Host", Compare("hostname", "eq", "web1"), at=at)
    (
        store.search("web", 5, ("a", "ci_"), at),
        store.tag_counts("e", 5, "a", at),
        store.imported_at(["import:assets/rows"]),
    )
    (
        store.conflicts(),
        store.held(),
        store.journal(5),
        store.speakers(["10.0.0.5"]),
        store.pins([NOW, 1]),
        store.counts(),
    )
    _records(store, known)
    _posed(store, known, at)


def _records(store: Store, known: Mapping[str, Any]) -> None:
    number, ci = known["number"], known["cis"][0]
    one = store.record("ChangeRequest", number)
    store.numbered([number]), store.records_of([ci]), store.histories([one.id]), store.notes([one.id])
    store.links([one.id], None, 5, None), store.links([one.id], ["CHILD_OF"], 5, "a", back=True)
    wanted = Wanted(states=("new",), cis=(ci,), text="slow", owner="ada", opened_from=BEGIN)
    for order in ("NEWEST", "OLDEST", "CHANGED"):
        store.records("Incident", wanted, 5, (NOW, 9), order), store.records("Incident", None, 5, None, order)
    store.records("Event", Wanted(event_key="disk")), store.count_records("Incident", wanted)


def _posed(store: Store, known: Mapping[str, Any], at: int | None) -> None:
    web, shop, neo4j = known["cis"][0], known["from"], known["to"]
    here, campus = (store.resolve(name, "Site")[0]["id"] for name in ("here", "campus"))
    needs = (ProposedEdge("DEPENDS_ON", NEW + "x", neo4j), ProposedEdge("DEPENDS_ON", shop, NEW + "x"))
    overlay = Overlay(
        add=(ProposedEdge("PART_OF", here, campus), *needs),
        create=(ProposedCI(NEW + "x", "Application", "new one"),), change=(ProposedValues(web, {"model": "R1"}),),
    )  # fmt: skip
    posed = store.posed(overlay, at, NOW)
    posed.find(None, Compare("name", "prefix", "w"), first=5), posed.count("Host"), posed.children([web], 5)
    posed.edges_of([shop], "out", 5), posed.resolve("web"), posed.begin([web])
    store.posed(Overlay(retire=frozenset([web])), at, NOW).count(None)


def _imports(store: Store) -> None:
    """Rows of every sort, twice, and reports that meet what an import wrote; then what is not listed any more."""
    rows = (
        node("Site", "s1", ref="s1", code="s1"), node("Host", "h1", ref="h1", serial="CZJ2Q7L9KM", vendor="dell"),
        node("Filesystem", "/", parent="h1", ref="f1", mount_point="/"), edge("LOCATED_IN", "h1", "s1"),
        node("Room", "m1", ref="m1", code="m1", site_code="s1"), node("Rack", "k1", ref="k1", code="k1"),
        node("NetworkDevice", "sw1", ref="sw1", kind="switch", serial="FOC1234X0AB", vendor="cisco"),
        node("Application", "pay", ref="a1", code="PAY"), node("Application", "bill", ref="a2", code="BILL"),
        edge("DEPENDS_ON", "a1", "h1"),
    )  # fmt: skip
    for more in ({}, {"dry_run": True}, {}):
        done = load(store, *rows, **more)
    assert not done.left
    load(store, edge("PART_OF", "k1", "m1"))
    seen = [host("h1", serial="CZJ2Q7L9KM", vendor="dell"), network("10.7.0.1"), services(SHOP)]
    store.apply(report(1, *seen, sockets(uses(SHOP, "8.8.8.8:53")), node="nd_70", boot="b70"), NOW)
    store.rehearse(report(2, host("h1", serial="CZJ2Q7L9KM", model="x"), node="nd_70", boot="b70"), NOW)
    listed = list(store.listed("assets"))
    (line,) = [row["id"] for row in listed if row.get("type") == "DEPENDS_ON"]
    store.withdraw("assets", [line, next(row["ref"] for row in listed if row.get("name") == "s1")], ANN)
    twin = store.create_ci("Host", "h2", {"serial": "CZJ2Q7L9KN", "vendor": "dell"}, ANN).ci
    store.merge_cis(store.resolve("h1", "Host")[0]["id"], twin, ANN)
    one, other = (store.resolve(name, "Application")[0]["id"] for name in ("pay", "bill"))
    store.merge_cis(one, other, ANN)
    load(store, node("Application", "bill", ref="a2", code="BILL"))
    store.split_ci(other, ANN)
    store.apply(report(1, host("h2", serial="CZJ2Q7L9KN", vendor="dell"), node="nd_71", boot="b71"), NOW)
    for seq, some in enumerate((MANY, [], MANY), 3):
        store.apply(report(seq, *seen[:2], services(*some), node="nd_70", boot="b70"), NOW)
    there = list(store.export(store.sequence()))
    wipe(store)
    load(store, *there, source="export")
    load(store, node("Endpoint", "tcp://9.9.9.9:53", ref="p1", key="tcp://9.9.9.9:53", address="9.9.9.9"))
    store.set_odd([{"id": "ci_none", "set": {"name": "none"}}])
