"""What people do to the graph, beside what agents report: claims, precedence, links, retirement, merge and split."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.reports import NOW, host, network, report, service, services, sockets, uses

from cmdb.claims import EDITS, OVERRIDES, RECORDS
from cmdb.errors import Conflict, Invalid, Refused, UnknownName
from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j

ANN = By("ann", NOW, "because")
NEO4J = service("neo4j", 17687, "127.0.0.1")
EPICENTRE = service("epicentre", 8480)
SHOP = service("shop", 443)


def by_name(store: Store, name: str, status: str = "live") -> dict[str, Any]:
    """The one CI of that name and status."""
    (found,) = [dict(r) for r in store.find(None, first=500) if r["name"] == name and r["status"] == status]
    return found


def said(store: Store, ci: str) -> dict[str, Any]:
    """What each scope says of a CI: {scope: {attribute: value} or None}."""
    rows = store._bolt.read(
        lambda run: run("MATCH (s:Scope)-[a:ASSERTS]->(:CI {id: $ci}) RETURN s.id AS s, a.said AS said", {"ci": ci})
    )
    return {r["s"]: r["said"] and {k: v[0] for k, v in json.loads(r["said"]).items()} for r in rows}


def estate(store: Store) -> None:
    """web1 runs epicentre and neo4j; web2's shop uses epicentre by its address."""
    one = [host("web1", os_id="debian"), network("10.0.0.5"), services(NEO4J, EPICENTRE)]
    store.apply(report(1, *one, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), NOW)
    two = [host("web2"), network("10.0.0.6"), services(SHOP), sockets(uses(SHOP, "10.0.0.5:8480"))]
    store.apply(report(1, *two, node="nd_2", boot="boot-2"), NOW)


def open_edges(store: Store) -> set[tuple[str, str, str]]:
    """Open edges by the names of their ends."""
    names = {r["id"]: r["name"] for r in store.find(None, first=500)}
    return {(names[e.source], e.type, names[e.target]) for e in store.edges(list(names), "out")}


def test_what_a_person_writes_stays_beside_what_an_agent_sees(store: Store) -> None:
    """The agent's value is in effect, the person's is kept and named as such, and fills what the agent does not say."""
    estate(store)
    web1 = by_name(store, "web1")
    done = store.update_ci(web1["id"], web1["rev"], {"os_id": "ubuntu", "model": "R640"}, ANN)
    assert done.notes == ("os_id is kept but not in effect: agent nd_1 says otherwise",)
    now = by_name(store, "web1")
    assert (now["os_id"], now["model"], now["rev"]) == ("debian", "R640", web1["rev"] + 1)
    assert said(store, web1["id"])[EDITS] == {"os_id": "ubuntu", "model": "R640"}
    assert said(store, web1["id"])["nd_1/host"]["os_id"] == "debian"
    store.apply(report(2, host("web1")), NOW)
    assert (by_name(store, "web1")["os_id"], by_name(store, "web1")["model"]) == ("ubuntu", "R640")
    store.update_ci(web1["id"], None, {"os_id": None, "model": None}, ANN)
    assert "os_id" not in by_name(store, "web1") and EDITS not in said(store, web1["id"])
    assert said(store, web1["id"])["nd_1/host"] is None, "the agent is alone again: its values are the CI's"


def test_somebody_who_was_faster_is_not_overwritten(store: Store) -> None:
    """An update decided on an older revision is refused, and changes nothing."""
    estate(store)
    web1 = by_name(store, "web1")
    store.update_ci(web1["id"], web1["rev"], {"model": "R640"}, ANN)
    before = store.sequence()
    with pytest.raises(Conflict, match="somebody was faster"):
        store.update_ci(web1["id"], web1["rev"], {"model": "R740"}, By("bob", NOW))
    assert (by_name(store, "web1")["model"], store.sequence()) == ("R640", before)


def test_an_override_wins_until_it_is_over(store: Store) -> None:
    """It beats every source, survives reports, and when its time is over the best other value is back."""
    estate(store)
    web1 = by_name(store, "web1")["id"]
    store.override_attribute(web1, "os_id", "rhel", "2026-11-02T00:00:00+01:00", ANN)
    store.apply(report(2, host("web1", os_id="fedora")), NOW)
    assert by_name(store, "web1")["os_id"] == "rhel"
    assert store.expire_overrides(By("epicentre", "2026-11-01T22:59:59.000Z")) == []
    (done,) = store.expire_overrides(By("epicentre", "2026-11-01T23:00:00.000Z"))
    assert done.ci == web1 and "os_id" in done.summary
    assert by_name(store, "web1")["os_id"] == "fedora"
    assert OVERRIDES not in said(store, web1)
    with pytest.raises(Invalid, match="over already"):
        store.override_attribute(web1, "os_id", "x", "2020-01-01T00:00:00Z", ANN)


def test_what_is_created_by_hand_meets_the_agent_that_finds_it(store: Store) -> None:
    """A host written down with its serial becomes the agent's; both claims stay, and the person's keeps it alive."""
    hardware = {"smbios_uuid": "4c4c4544-0051-3610-8052-b4c04f4e4e31", "serial": "J6RN4N1"}
    done = store.create_ci("Host", "planned", {**hardware, "model": "R640"}, ANN)
    outcome = store.apply(report(1, host("web1", **hardware), services(NEO4J)), NOW)
    assert outcome.verdict is not None and outcome.verdict.ci == done.ci
    web1 = by_name(store, "web1")
    assert (web1["id"], web1["model"]) == (done.ci, "R640")
    assert said(store, done.ci)[RECORDS]["name"] == "planned"
    with pytest.raises(Conflict, match="known already as web1"):
        store.create_ci("Host", "again", hardware, ANN)


def test_what_is_known_by_its_name_is_not_written_down_twice(store: Store) -> None:
    """A class whose rule names the name is looked for by it; a tombstone of that name revives."""
    done = store.create_ci("BusinessService", "Checkout", {}, ANN)
    with pytest.raises(Conflict, match=f"known already as Checkout \\({done.ci}\\): recognised by name"):
        store.create_ci("BusinessService", "Checkout", {}, ANN)
    store.retire_ci(done.ci, None, ANN)
    assert store.create_ci("BusinessService", "Checkout", {}, ANN).ci == done.ci


def test_things_inside_a_host_are_created_found_and_revived(store: Store) -> None:
    """By hand with a parent and key; the agent that sees it claims the same CI; retired, it revives with its id."""
    estate(store)
    web1 = by_name(store, "web1")["id"]
    done = store.create_ci("Service", "backup", {"kind": "program"}, ANN, parent=web1, key="backup@9000")
    assert ("backup", "RUNS_ON", "web1") in open_edges(store)
    store.apply(report(2, services(NEO4J, EPICENTRE, service("backup", 9000))), NOW)
    assert by_name(store, "backup")["id"] == done.ci
    store.apply(report(3, services(NEO4J, EPICENTRE)), NOW)
    assert by_name(store, "backup")["status"] == "live", "the person still says that it is there"
    store.retire_ci(done.ci, None, ANN)
    assert ("backup", "RUNS_ON", "web1") not in open_edges(store)
    again = store.create_ci("Service", "backup", {"kind": "program"}, ANN, parent=web1, key="backup@9000")
    assert again.ci == done.ci and by_name(store, "backup")["status"] == "live"
    with pytest.raises(Invalid, match="name its parent"):
        store.create_ci("Service", "x", {"kind": "program"}, ANN)
    with pytest.raises(Invalid, match="needs kind"):
        store.create_ci("Service", "x", {}, ANN, parent=web1)
    with pytest.raises(UnknownName, match="nobody"):
        store.create_ci("Service", "x", {"kind": "program"}, ANN, parent="nobody")


def test_nothing_contains_what_it_is_inside_of(store: Store) -> None:
    """A container in a service in the first container is refused with the whole way, and so is making two of them one;
    what was there stays."""
    estate(store)
    host_ = by_name(store, "web1")["id"]
    outer = store.create_ci("Service", "outer", {"kind": "program"}, ANN, parent=host_).ci
    inner = store.create_ci("Service", "inner", {"kind": "program"}, ANN, parent=outer).ci
    innermost = store.create_ci("Service", "innermost", {"kind": "program"}, ANN, parent=inner).ci
    before = store.sequence(), open_edges(store)
    with pytest.raises(Invalid, match="innermost in inner in outer: outer cannot be inside of what is inside of it"):
        store.link_cis("RUNS_ON", outer, innermost, ANN)
    for winner, loser in ((outer, inner), (inner, outer)):
        with pytest.raises(Refused, match="not merged: inner is inside of outer"):
            store.merge_cis(winner, loser, ANN)
    assert (store.sequence(), open_edges(store)) == before


def test_a_hand_made_link_lives_beside_the_agents_sight(store: Store) -> None:
    """Reports leave it alone; where both say it there is one edge; it ends only when nobody says it any more."""
    estate(store)
    shop, neo4j = by_name(store, "shop")["id"], by_name(store, "neo4j")["id"]
    store.link_cis("DEPENDS_ON", shop, neo4j, ANN)
    store.apply(report(2, services(SHOP), sockets(uses(SHOP, "10.0.0.5:8480")), node="nd_2", boot="boot-2"), NOW)
    assert ("shop", "DEPENDS_ON", "neo4j") in open_edges(store)
    with pytest.raises(Conflict, match="linked by hand already"):
        store.link_cis("DEPENDS_ON", shop, neo4j, ANN)
    epicentre = by_name(store, "epicentre")["id"]
    store.link_cis("DEPENDS_ON", epicentre, neo4j, ANN)
    (edge,) = [e for e in store.edges([epicentre], "out") if e.type == "DEPENDS_ON"]
    assert edge.evidence["kind"] == "socket", "what is seen is shown before what is declared"
    store.apply(report(2, sockets()), NOW)
    (edge,) = [e for e in store.edges([epicentre], "out") if e.type == "DEPENDS_ON"]
    assert edge.evidence["kind"] == "declared"
    store.unlink_cis("DEPENDS_ON", epicentre, neo4j, ANN)
    assert ("epicentre", "DEPENDS_ON", "neo4j") not in open_edges(store)
    with pytest.raises(Conflict, match="was not linked by hand"):
        store.unlink_cis("DEPENDS_ON", shop, epicentre, ANN)
    with pytest.raises(Invalid, match="DEPENDS_ON goes from"):
        store.link_cis("DEPENDS_ON", by_name(store, "10.0.0.5")["id"], neo4j, ANN)


def test_a_retired_host_takes_its_inside_along_and_comes_back_when_it_is_seen(store: Store) -> None:
    """What others saw there waits at a placeholder; the next whole report revives everything with its ids."""
    estate(store)
    before, ids = store.digest(), {r["name"]: r["id"] for r in store.find(None, first=100)}
    done = store.retire_ci(ids["web1"], None, ANN)
    assert done.ask == ("nd_1",) and "comes back" in done.notes[0]
    assert store.counts()["Host"] == 1
    assert ("shop", "DEPENDS_ON", "tcp://10.0.0.5:8480") in open_edges(store)
    one = [host("web1", os_id="debian"), network("10.0.0.5"), services(NEO4J, EPICENTRE)]
    store.apply(report(2, *one, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), NOW)
    assert store.digest() == before
    assert by_name(store, "epicentre")["id"] == ids["epicentre"]


def test_each_command_is_one_journal_entry_with_actor_and_reason(store: Store) -> None:
    """The journal says who did what and why, and its steps are the plan's."""
    estate(store)
    store.create_ci("Host", "spare", {}, By("ann", NOW, "bought today"))
    entry = store.journal(first=1)[0]
    assert (entry["actor"], entry["kind"], entry["summary"]) == ("ann", "command", "created spare (Host): bought today")


def test_a_merge_and_its_split_leave_everything_as_it_was(store: Store) -> None:
    """Two hosts with twins inside become one and two again: the digest before, and every edge back."""
    estate(store)
    two = [host("web2"), network("10.0.0.6"), services(SHOP, service("neo4j", 17687, "127.0.0.1"))]
    store.apply(report(2, *two, sockets(uses(SHOP, "10.0.0.5:8480")), node="nd_2", boot="boot-2"), NOW)
    web1, web2 = by_name(store, "web1")["id"], by_name(store, "web2")["id"]
    store.update_ci(web2, None, {"model": "R640"}, ANN)
    store.link_cis("DEPENDS_ON", by_name(store, "shop")["id"], by_name(store, "epicentre")["id"], ANN)
    before, edges, counts = store.digest(), open_edges(store), store.counts()
    done = store.merge_cis(web1, web2, ANN)
    assert done.ci == web1
    assert (store.counts()["Host"], store.counts()["Service"]) == (1, 3)
    one = store.cis([web1])[web1]
    assert (one["model"], one["name"]) == ("R640", "web2"), "of equal sources the value that changed last counts"
    assert ("shop", "RUNS_ON", "web2") in open_edges(store) and by_name(store, "shop")["parent"] == web1
    store.split_ci(web2, ANN)
    assert open_edges(store) == edges and store.counts() == counts
    assert store.digest() == before
    with pytest.raises(UnknownName, match="merged"):
        store.split_ci(web2, ANN)


def test_reports_between_merge_and_split_are_not_lost(store: Store) -> None:
    """Both agents go on reporting into one CI, and each takes back what it says by then."""
    estate(store)
    web1, web2 = by_name(store, "web1")["id"], by_name(store, "web2")["id"]
    store.merge_cis(web1, web2, ANN)
    cache = service("cache", 11211)
    store.apply(report(2, host("web2", os_id="alpine"), services(SHOP, cache), node="nd_2", boot="boot-2"), NOW)
    assert by_name(store, "cache")["parent"] == web1
    assert store.counts()["Host"] == 1
    store.apply(report(2, services(EPICENTRE), sockets()), NOW)
    store.split_ci(web2, ANN)
    assert by_name(store, "cache")["parent"] == by_name(store, "shop")["parent"] == web2
    assert by_name(store, "epicentre")["parent"] == web1
    assert (by_name(store, "web2")["os_id"], by_name(store, "web1")["os_id"]) == ("alpine", "debian")
    assert ("cache", "RUNS_ON", "web2") in open_edges(store)
    assert store.apply(report(3, services(SHOP), node="nd_2", boot="boot-2"), NOW).kind == "applied"
    assert store.counts() == {"Host": 2, "IPAddress": 2, "NetworkInterface": 2, "Service": 2}


def test_what_one_agent_tells_apart_is_not_merged(store: Store) -> None:
    """Two services in one report are two things; so are different classes, retired CIs and a CI and itself."""
    estate(store)
    neo4j, epicentre = by_name(store, "neo4j")["id"], by_name(store, "epicentre")["id"]
    with pytest.raises(Refused, match="it sees two things"):
        store.merge_cis(neo4j, epicentre, ANN)
    with pytest.raises(Refused, match="is a Host"):
        store.merge_cis(by_name(store, "web1")["id"], neo4j, ANN)
    with pytest.raises(Invalid, match="with itself"):
        store.merge_cis(neo4j, neo4j, ANN)
    with pytest.raises(Invalid, match="say why"):
        store.merge_cis(neo4j, epicentre, By("ann", NOW))


def test_a_merged_machine_is_known_by_both_its_keys(store: Store) -> None:
    """An agent that enrols anew on the merged-away machine finds the winner."""
    hardware = {"smbios_uuid": "4c4c4544-0051-3610-8052-b4c04f4e4e31", "serial": "J6RN4N1"}
    old = store.create_ci("Host", "old", hardware, ANN).ci
    new = store.create_ci("Host", "new", {"fqdn": "new.example.org"}, ANN).ci
    store.merge_cis(new, old, ANN)
    outcome = store.apply(report(1, host("web1", **hardware)), NOW)
    assert outcome.verdict is not None and outcome.verdict.ci == new
