"""Policies in the graph: set at run time, enforced on people, reported of discovery, lifted."""

from __future__ import annotations

import pytest
from support.reports import NOW, host, report

from cmdb.claims import from_json
from cmdb.errors import Conflict, Invalid, Refused, UnknownName
from cmdb.governance import Policy, Rule
from cmdb.imports import parse
from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j

ANN = By("ann", NOW)
MODEL = Policy("model", "Host", Rule.ALLOWED, "model", ("R640", "R740"), why="only these have spare parts")
NAMES = Policy("names", "Host", Rule.PATTERN, "name", pattern="[a-z]+[0-9]")
TAGS = Policy("tags", "CI", Rule.TAGS, values=("env:*",))
OWNER = Policy("owner", "Host", Rule.REQUIRED, "extra:owner")


def test_a_policy_is_enforced_on_people_reported_of_agents_and_lifted(store: Store) -> None:
    """The refusal names policy, attribute, value and what is allowed; reports are applied; lifted, it is gone."""
    store.apply(report(1, host("WEB", model="T1000")), NOW)
    (web,) = [one["id"] for one in store.find("Host")]
    for policy in (MODEL, NAMES, TAGS, OWNER):
        store.put_policy(policy, ANN)
    assert [one.name for one in store.policies()] == ["model", "names", "owner", "tags"]
    assert store.policies()[0] == MODEL
    wrong = r"WEB: policy model of Host: model is 'R1', allowed is R640, R740 \(only these have spare parts\)"
    with pytest.raises(Refused, match=wrong):
        store.update_ci(web, None, {"model": "R1"}, ANN)
    with pytest.raises(Refused, match="policy tags of CI: tags is 'pci', allowed is env:"):
        store.tag_cis([web], ["env:prod", "pci"], ANN)
    with pytest.raises(Refused, match="policy model"):
        store.override_attribute(web, "model", "R1", "2030-01-01T00:00:00Z", ANN)
    with pytest.raises(Refused, match="owner is missing"):
        store.create_ci("Host", "web2", {"serial": "J6RN4N1", "vendor": "Dell"}, ANN)
    store.update_ci(web, None, {"os_id": "debian"}, ANN)
    store.create_ci("Host", "web2", {"serial": "J6RN4N1", "vendor": "Dell"}, ANN, extra={"owner": "ops"})
    assert store.apply(report(2, host("WEB", model="T2000")), NOW).kind == "applied"
    check = store.violations(None, None, 100)
    assert {(one.ci, one.violation.policy, one.violation.value) for one in check.found} == {
        (web, "model", "T2000"), (web, "names", "WEB"), (web, "owner", None),
    }  # fmt: skip
    assert (check.cursor, check.looked_at) == (None, 2)
    counted = store.violation_counts("Host", None)
    assert (counted.counts, counted.whole) == ({"model": 1, "names": 1, "owner": 1, "tags": 0}, True)
    store.lift_policy("model", ANN)
    store.update_ci(web, None, {"model": "R1"}, ANN)
    assert {one.violation.policy for one in store.violations("Host", "names", 100).found} == {"names"}
    with pytest.raises(UnknownName, match="no policy 'model'"):
        store.lift_policy("model", ANN)
    summaries = [entry["summary"] for entry in store.journal(50)]
    assert "lifted policy model" in summaries and "set policy model" in summaries


def test_what_broke_a_policy_before_it_was_set_can_be_worked_on(store: Store) -> None:
    """It is reported page by page, with every CI's violations together, and refused only what makes it worse."""
    made = [store.create_ci("Site", f"site {n}", {"code": f"s{n}"}, ANN, tags=["old"]).ci for n in range(5)]
    store.put_policy(TAGS, ANN)
    store.put_policy(Policy("owner", "Site", Rule.REQUIRED, "extra:owner"), ANN)
    found, cursor = [], ""
    while True:
        page = store.violations("Site", None, 3, cursor)
        assert len(page.found) == 2 and {one.violation.policy for one in page.found} == {"owner", "tags"}
        found += page.found
        if page.cursor is None:
            break
        cursor = page.cursor
    assert [one.ci for one in found] == sorted([*made, *made])
    store.tag_cis(made, ["env:prod"], ANN)
    store.untag_cis(made[:1], ["old"], ANN)
    store.update_ci(made[0], None, {}, ANN, extra={"owner": "ops"})
    with pytest.raises(Refused, match="owner is missing"):
        store.update_ci(made[0], None, {}, ANN, extra={"owner": None})
    store.retire_ci(made[1], None, ANN)
    assert {one.ci for one in store.violations(None, None, 100).found} == set(made[2:])


def test_free_attributes_are_bound_by_name(store: Store) -> None:
    """Only the names that the policy lists; no names: none at all."""
    site = store.create_ci("Site", "north", {"code": "n"}, ANN, extra={"old": 1}).ci
    store.put_policy(Policy("free", "Site", Rule.EXTRA, values=("owner",)), ANN)
    store.update_ci(site, None, {}, ANN, extra={"owner": "ops"})
    with pytest.raises(Refused, match="policy free of Site: extra is 'colour', allowed is owner"):
        store.update_ci(site, None, {}, ANN, extra={"colour": "red"})
    (found,) = store.violations(None, None, 10).found
    assert (found.violation.attribute, found.violation.value) == ("extra", "old")


def _model(store: Store, ci: str) -> tuple[object, dict[str, object]]:
    """The model in effect, and what each source says it is."""
    said = {one["scope"]: from_json(one["said"]) or {} for one in store.claims_of([ci])[ci]}
    return store.find("Host")[0].get("model"), {s: e["model"].value for s, e in said.items() if "model" in e}


def test_a_policy_says_whose_word_counts_and_values_follow_it_at_once(store: Store) -> None:
    """Set, what is there is decided anew; then reports, imports and people are; lifted, the class's order is back.

    Every claim is kept meanwhile, and an override stands above.
    """
    store.apply(report(1, host("web", model="R640", serial="J6RN4N1", vendor="Dell")), NOW)
    (web,) = [one["id"] for one in store.find("Host")]
    row = {"class": "Host", "id": web, "attributes": {"model": "PowerEdge R640"}}
    store.bulk_upsert([parse(1, row)], "assets", ANN)
    store.update_ci(web, None, {"model": "the grey one"}, ANN)
    assert _model(store, web)[0] == "R640"
    order = Policy("model", "Host", Rule.PRECEDENCE, "model", ("import:assets", "person"))
    store.put_policy(order, ANN)
    value, said = _model(store, web)
    assert value == "PowerEdge R640" and len(said) == 3 and set(said.values()) == {
        "R640", "PowerEdge R640", "the grey one",
    }  # fmt: skip
    assert "1 CIs have another model" in store.journal(1)[0]["summary"]
    store.apply(report(2, host("web", model="R641", serial="J6RN4N1", vendor="Dell")), NOW)
    assert _model(store, web)[0] == "PowerEdge R640"
    note = store.update_ci(web, None, {"model": "mine"}, ANN).notes
    assert note == ("model is kept but not in effect: import import:assets says otherwise",)
    store.override_attribute(web, "model", "R1", "2126-01-01T00:00:00Z", ANN)
    assert _model(store, web)[0] == "R1"
    store.expire_overrides(By("epicentre", "2127-01-01T00:00:00.000Z"))
    store.put_policy(Policy("model", "Host", Rule.PRECEDENCE, "model", ("person",)), ANN)
    assert _model(store, web)[0] == "mine"
    with pytest.raises(Conflict, match="policy model says already whose model of Host counts"):
        store.put_policy(Policy("again", "Host", Rule.PRECEDENCE, "model", ("import",)), ANN)
    with pytest.raises(Invalid, match="no value breaks model"):
        store.violations(None, "model", 10)
    assert store.violation_counts(None, None).counts == {}
    store.lift_policy("model", ANN)
    assert _model(store, web)[0] == "R641"


def test_deciding_anew_goes_on_where_it_was_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts; a server that was stopped between two does the rest in its next sweep, and then nothing more."""
    monkeypatch.setattr("cmdb.store.precedence.PART", 2)
    rows = [{"class": "Site", "name": f"s{n}", "ref": f"s{n}", "attributes": {"code": f"s{n}"}} for n in range(5)]
    store.bulk_upsert([parse(n, row) for n, row in enumerate(rows)], "assets", ANN)
    for site in store.find("Site"):
        store.update_ci(site["id"], None, {"name": f"north {site['name']}"}, ANN)
    with monkeypatch.context() as stopped:
        stopped.setattr("cmdb.store.precedence.go_on", lambda *_: False)
        store.put_policy(Policy("names", "CI", Rule.PRECEDENCE, "name", ("import", "person")), ANN)
    assert {one["name"][:6] for one in store.find("Site")} == {"north "}
    assert store.decide_anew(ANN)
    assert sorted(one["name"] for one in store.find("Site")) == [f"s{n}" for n in range(5)]
    before = store.sequence()
    assert store.decide_anew(ANN) and store.sequence() == before
