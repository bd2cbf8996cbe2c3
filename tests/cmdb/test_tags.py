"""Tags, free attributes, lifecycles and days to end: what people say of any CI, beside what agents report."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.reports import NOW, host, network, report, service, services

from cmdb.claims import EDITS, RECORDS
from cmdb.cypher import Compare
from cmdb.errors import Conflict, Invalid, Refused, TooLarge, UnknownName
from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j

ANN = By("ann", NOW, "because")
NEO4J = service("neo4j", 17687, "127.0.0.1")


def ids(store: Store, status: str = "live") -> dict[str, str]:
    """Ids of CIs by name."""
    return {row["name"]: row["id"] for row in store.find(None, first=500) if row["status"] == status}


def row(store: Store, ci: str) -> dict[str, Any]:
    """A CI as it is kept."""
    return dict(store.cis([ci])[ci])


def two(store: Store) -> tuple[str, str]:
    """web1 and web2, each seen by an agent; their ids."""
    store.apply(report(1, host("web1"), network("10.0.0.5"), services(NEO4J)), NOW)
    store.apply(report(1, host("web2"), node="nd_2", boot="boot-2"), NOW)
    made = ids(store)
    return made["web1"], made["web2"]


def said(store: Store, ci: str, scope: str) -> set[str]:
    """The names that a scope says of a CI."""
    text = {one["scope"]: one["said"] for one in store.claims_of([ci])[ci]}.get(scope)
    return set(json.loads(text)) if text else set()


def test_tags_are_put_on_many_at_once_and_survive_reports(store: Store) -> None:
    """One journal entry, one version each; a tag that is there already changes nothing; reports leave them alone."""
    web1, web2 = two(store)
    before = store.sequence()
    done = store.tag_cis([web1, web2, web1], ["env:prod", "pci"], ANN)
    assert (done.seq, done.summary) == (before + 1, "tagged 2 of 2 CIs with env:prod, pci: because")
    assert row(store, web1)["tags"] == ["env:prod", "pci"] and row(store, web1)["rev"] == 2
    assert store.tag_cis([web1, web2], ["pci", "a.b"], ANN).summary.startswith("tagged 2 of 2")
    assert store.tag_cis([web1], ["pci"], ANN).summary.startswith("tagged 0 of 1")
    assert row(store, web1)["rev"] == 3
    store.apply(report(2, host("web1", os_id="debian")), NOW)
    assert (row(store, web1)["os_id"], row(store, web1)["tags"]) == ("debian", ["a.b", "env:prod", "pci"])
    assert store.tag_counts("", 10) == [("a.b", 2), ("env:prod", 2), ("pci", 2)]
    assert store.tag_counts("env", 10) == [("env:prod", 2)] and store.tag_counts("", 1, "a.b")[0] == ("env:prod", 2)
    store.untag_cis([web1], ["a.b", "env:prod", "pci"], ANN)
    assert "tags" not in row(store, web1) and said(store, web1, EDITS) == set()
    assert store.untag_cis([web1], ["pci"], ANN).notes == ("web1 has no tag pci",)
    (entry,) = store.history_of(web1, 1, before + 2)
    assert [(c.attribute, c.before, c.after) for c in entry.change.attributes] == [("tags", None, ["env:prod", "pci"])]


def test_tags_are_asked_for_like_any_list(store: Store) -> None:
    """Filters by whole tags, by their starts and by parts; an untagged CI is told apart."""
    web1, web2 = two(store)
    store.tag_cis([web1], ["env:prod"], ANN)
    store.tag_cis([web2], ["env:test"], ANN)

    def asked(op: Any, value: Any) -> set[str]:
        return {one["name"] for one in store.find("Host", Compare("tags", op, value))}

    assert asked("eq", "env:prod") == {"web1"} and asked("in", ["env:test", "x"]) == {"web2"}
    assert asked("prefix", "env:") == {"web1", "web2"} and asked("contains", "TEST") == {"web2"}
    store.untag_cis([web1], ["env:prod"], ANN)
    assert asked("null", True) == {"web1"} and store.count("Host", Compare("tags", "null", False)) == 1


def test_a_merge_joins_tags_and_a_split_gives_them_back(store: Store) -> None:
    """What both were tagged with stays on both; the day one was to end is not brought to the other."""
    web1, web2 = two(store)
    store.tag_cis([web1], ["one", "both"], ANN)
    store.tag_cis([web2], ["two", "both"], ANN)
    store.set_expiry(web2, None, "2030-01-01T00:00:00Z", ANN)
    store.set_lifecycle(web2, None, "in_repair", ANN)
    store.merge_cis(web1, web2, ANN)
    assert row(store, web1)["tags"] == ["both", "one", "two"]
    assert "expires_at" not in row(store, web1) and "lifecycle" not in row(store, web1)
    store.tag_cis([web1], ["later"], ANN)
    store.split_ci(web2, ANN)
    assert row(store, web1)["tags"] == ["both", "later", "one"] and row(store, web2)["tags"] == ["both", "two"]
    assert row(store, web2)["expires_at"] == "2030-01-01T00:00:00.000Z" and row(store, web2)["lifecycle"] == "in_repair"
    assert "expires_at" not in row(store, web1)


@pytest.mark.parametrize("tag", ["", "Env", "a b", "-a", "a:", "a::b", "ä", "a" * 65, "a\n", "a_b"])
def test_what_is_no_tag_is_refused(store: Store, tag: str) -> None:
    """Before anything is asked of the graph."""
    with pytest.raises(Invalid, match="is no tag"):
        store.tag_cis(["ci_x"], ["fine", tag], ANN)


def test_tags_are_bounded_and_all_or_none_are_put(store: Store) -> None:
    """At most 50 on a CI and 100 CIs in one command; one that is unknown or retired refuses the whole command."""
    web1, web2 = two(store)
    store.tag_cis([web1], [f"t{n}" for n in range(50)], ANN)
    with pytest.raises(TooLarge, match="web1 would have 51 tags, at most 50"):
        store.tag_cis([web2, web1], ["more"], ANN)
    with pytest.raises(TooLarge, match="1 to 100 CIs, not 101"):
        store.tag_cis([f"ci_{n}" for n in range(101)], ["a"], ANN)
    with pytest.raises(UnknownName, match="ci_none"):
        store.tag_cis([web2, "ci_none"], ["a"], ANN)
    with pytest.raises(TooLarge, match="1 to 50 tags"):
        store.tag_cis([web2], [], ANN)
    store.retire_ci(web1, None, ANN)
    with pytest.raises(Conflict, match="web1 is retired"):
        store.untag_cis([web2, web1], ["a"], ANN)
    assert "tags" not in row(store, web2)


def test_free_attributes_stand_beside_declared_ones(store: Store) -> None:
    """Text, numbers and booleans, typed as they came; a declared name, a wrong one and too much are refused."""
    web1, _ = two(store)
    store.update_ci(web1, None, {"model": "R640"}, ANN, extra={"cost_centre": "K-7", "score": 3, "leased": True})
    store.apply(report(2, host("web1", os_id="debian")), NOW)
    kept = row(store, web1)
    assert (kept["extra:cost_centre"], kept["extra:score"], kept["extra:leased"]) == ("K-7", 3, True)
    for op, value, hits in (("gt", 2, 1), ("gt", "2", 0), ("eq", 3, 1), ("prefix", "3", 1), ("null", True, 1)):
        assert store.count("Host", Compare("extra:score", op, value)) == hits, (op, value)  # type: ignore[arg-type]
    store.update_ci(web1, None, {}, ANN, extra={"score": None})
    assert "extra:score" not in row(store, web1)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"model": "x"}, "declared attribute of Host"), ({"Cost": 1}, "snake_case"), ({"a` OR 1": 1}, "snake_case"),
        ({"a": "x" * 1025}, "1024 bytes"), ({"a": [1]}, "text, a number"), ({"a": float("inf")}, "text, a number"),
        ({f"n{n}": n for n in range(49)}, "51 free attributes, at most 50"),
    ]  # fmt: skip
    for extra, says in refused:
        with pytest.raises(Invalid, match=says):
            store.update_ci(web1, None, {}, ANN, extra=extra)
    with pytest.raises(UnknownName):
        store.count("Host", Compare("extra:a` OR true //", "eq", 1))


def test_what_is_written_down_may_come_with_tags_and_free_attributes(store: Store) -> None:
    """At once; an agent that finds it later adds to it; an address seen in use takes nothing."""
    done = store.create_ci("Site", "north", {"code": "n"}, ANN, tags=["env:prod"], extra={"floor": 3})
    assert (row(store, done.ci)["tags"], row(store, done.ci)["extra:floor"]) == (["env:prod"], 3)
    assert said(store, done.ci, RECORDS) == {"name", "code", "tag:env:prod", "extra:floor"}
    store.tag_cis([done.ci], ["b"], ANN)
    assert row(store, done.ci)["tags"] == ["b", "env:prod"]


def test_people_move_a_ci_through_the_states_of_its_class(store: Store) -> None:
    """An unknown state is refused with the known ones; disposed retires it; a report revives it as live."""
    web1, _ = two(store)
    with pytest.raises(Invalid, match="goes through planned, ordered, in_stock, live, in_repair, retired, disposed"):
        store.set_lifecycle(web1, None, "broken", ANN)
    assert store.set_lifecycle(web1, 1, "in_repair", ANN).summary == "moved web1 from live to in_repair: because"
    store.apply(report(2, host("web1", os_id="debian")), NOW)
    assert {one["name"] for one in store.find("Host", Compare("lifecycle", "eq", "in_repair"))} == {"web1"}
    assert {one["name"] for one in store.find("Host", Compare("lifecycle", "eq", "live"))} == {"web2"}
    with pytest.raises(Conflict, match="in_repair already"):
        store.set_lifecycle(web1, None, "in_repair", ANN)
    with pytest.raises(Conflict, match="somebody was faster"):
        store.set_lifecycle(web1, 1, "live", ANN)
    done = store.set_lifecycle(web1, None, "disposed", ANN)
    assert done.ask == ("nd_1",) and row(store, web1)["status"] == "retired"
    assert {one["name"] for one in store.find("Host", Compare("lifecycle", "eq", "disposed"))} == {"web1"}
    assert store.set_lifecycle(web1, None, "retired", ANN).summary.startswith("moved web1 from disposed to retired")
    with pytest.raises(Conflict, match="may become disposed"):
        store.set_lifecycle(web1, None, "live", ANN)
    store.set_lifecycle(web1, None, "disposed", ANN)
    store.apply(report(3, host("web1")), NOW)
    assert row(store, web1)["status"] == "live" and not {"lifecycle", "ended_as"} & set(row(store, web1))


def test_what_an_agent_sees_is_not_only_planned(store: Store) -> None:
    """Before it is seen it is what people say; once it is, the word is kept and not in effect."""
    facts = {"smbios_uuid": "4c4c4544-0051-3610-8052-b4c04f4e4e31", "serial": "J6RN4N1"}
    new = store.create_ci("Host", "web9", facts, ANN).ci
    store.set_lifecycle(new, None, "ordered", ANN)
    assert row(store, new)["lifecycle"] == "ordered"
    store.apply(report(1, host("web9", **facts)), NOW)
    assert "lifecycle" not in row(store, new) and "lifecycle" in said(store, new, RECORDS)
    assert store.set_lifecycle(new, None, "planned", ANN).notes == (
        "lifecycle planned is kept but not in effect: agent nd_1 says otherwise",
    )


def test_a_ci_ends_on_its_day_and_a_report_revives_it_for_good(store: Store) -> None:
    """With what is inside it and with the reason; the day is then over, and the next sweep leaves the revived alone."""
    web1, web2 = two(store)
    with pytest.raises(Invalid, match="over already"):
        store.set_expiry(web1, None, "2020-01-01T00:00:00Z", ANN)
    store.set_expiry(web1, None, "2030-01-01T01:00:00+01:00", ANN)
    store.set_expiry(web2, None, "2030-01-01T00:00:00Z", ANN)
    store.set_expiry(web2, None, None, ANN)
    store.tag_cis([web1], ["keep"], ANN)
    assert store.expire_cis(By("epicentre", "2029-12-31T23:59:59.000Z")) == []
    (done,) = store.expire_cis(By("epicentre", "2030-01-01T00:00:00.000Z"))
    assert done.ci == web1 and done.ask == ("nd_1",)
    assert "expired at 2030-01-01T00:00:00.000Z" in done.summary and store.journal(1)[0]["kind"] == "sweep"
    gone = row(store, web1)
    assert (gone["status"], gone["expires_at"]) == ("retired", "2030-01-01T00:00:00.000Z")
    assert "neo4j" not in ids(store) and "web2" in ids(store)
    store.apply(report(2, host("web1"), network("10.0.0.5"), services(NEO4J)), NOW)
    back = row(store, web1)
    assert (back["status"], back["tags"], "expires_at" in back) == ("live", ["keep"], False)
    assert store.expire_cis(By("epicentre", "2031-01-01T00:00:00.000Z")) == []


def test_a_link_that_a_relation_has_no_room_for_is_refused(store: Store) -> None:
    """The edge that is there is named; reports are never refused, and what they crowd is listed."""
    a, b = (store.create_ci("Room", name, {"site_code": "n", "code": name}, ANN).ci for name in ("room-a", "room-b"))
    rack = store.create_ci("Rack", "r1", {"room_code": "room-a", "code": "r1"}, ANN).ci
    store.link_cis("LOCATED_IN", rack, a, ANN)
    with pytest.raises(Conflict, match=r"r1 LOCATED_IN room-a \(edge ed_.*leads from each CI to one at most"):
        store.link_cis("LOCATED_IN", rack, b, ANN)
    assert store.crowds(10) == []
    make = (
        "MATCH (a:CI {id: $a}), (b:CI {id: $b}) "
        "CREATE (a)-[:LOCATED_IN {id: 'ed_x', valid_from: 0, scope: 'nd_1/x', kind: 'agent', detail: 'seen', "
        "confidence: 1.0}]->(b)"
    )
    store._bolt.write(lambda run: run(make, {"a": rack, "b": b}))
    (crowd,) = store.crowds(10)
    assert (crowd.ci, crowd.relation, crowd.goes) == (rack, "LOCATED_IN", True)
    assert {end for _, end in crowd.edges} == {a, b}
    store.unlink_cis("LOCATED_IN", rack, a, ANN)
    assert store.crowds(10) == []


def test_an_address_seen_in_use_takes_no_tags(store: Store) -> None:
    """It gives way to what is found there; what answers there is tagged instead."""
    two(store)
    from support.reports import sockets, uses

    shop = service("shop", 443)
    store.apply(report(2, services(shop), sockets(uses(shop, "10.9.9.9:80")), node="nd_2", boot="boot-2"), NOW)
    (endpoint,) = [one["id"] for one in store.find("Endpoint")]
    with pytest.raises(Invalid, match="tag what answers there"):
        store.tag_cis([endpoint], ["a"], ANN)
    with pytest.raises(Refused, match="write onto the CI that answers"):
        store.update_ci(endpoint, None, {}, ANN, extra={"a": 1})
