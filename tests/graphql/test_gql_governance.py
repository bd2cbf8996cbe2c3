"""Tags, free attributes, lifecycles, days to end and policies over GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from support.questions import Counted, answer, ask, estate, parts, person
from support.reports import NOW, host, report

from cmdb.errors import Forbidden
from cmdb.store import Store
from cmdb.sweeper import Sweeper
from cmdb.words import Role
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

ENGINEER = person(Role.ENGINEER, name="ann")
OPERATIONS = Path(__file__).parents[2] / "graphql" / "operations"
TAG = """mutation T($ids: [ID!]!, $tags: [String!]!) {
  tagCis(ids: $ids, tags: $tags, reason: "audit") { sequence summary notes cis { name tags } } }"""
HOSTS = """query H($filter: HostFilter, $retired: Boolean = false) {
  hosts(filter: $filter, includeRetired: $retired) { totalCount nodes { name tags extra lifecycle expiresAt } } }"""
SET = """mutation S($name: String!, $class: String!, $rule: PolicyRule!, $attribute: String, $values: [String!],
                    $pattern: String) {
  setPolicy(name: $name, class: $class, rule: $rule, attribute: $attribute, values: $values, pattern: $pattern)
  { name rule allowed } }"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a clean store."""
    with parts(tmp_path / "home", store) as made:
        yield made


def names(served: Services, **filter_: Any) -> set[str]:
    """The hosts that a filter leaves."""
    return {one["name"] for one in ask(served, HOSTS, filter=filter_)["hosts"]["nodes"]}


def test_tags_are_put_counted_filtered_and_taken_back(served: Services) -> None:
    """Many CIs in one command; every list filters by them; the counts come in pages."""
    ids = estate(served.store)
    both = [ids["web1"], ids["web2"]]
    done = ask(served, TAG, ENGINEER, ids=both, tags=["env:prod", "pci"])["tagCis"]
    assert done["summary"] == "tagged 2 of 2 CIs with env:prod, pci: audit"
    assert done["cis"] == [{"name": n, "tags": ["env:prod", "pci"]} for n in ("web1", "web2")]
    ask(served, TAG.replace("tagCis", "untagCis"), ENGINEER, ids=both[:1], tags=["pci"])
    assert names(served, tags={"eq": "pci"}) == {"web2"} and names(served, tags={"prefix": "env:"}) == {"web1", "web2"}
    assert names(served, **{"not": {"tags": {"in": ["pci", "x"]}}}) == {"web1"}
    counts = ask(served, (OPERATIONS / "tags.graphql").read_text())["tags"]
    assert counts["nodes"] == [{"tag": "env:prod", "count": 2}, {"tag": "pci", "count": 1}]
    page = ask(served, "{ tags(first: 1) { nodes { tag } pageInfo { hasNextPage endCursor } } }")["tags"]
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": "env:prod"}
    with pytest.raises(Forbidden):
        answer(served, TAG, person(Role.VIEWER), ids=both, tags=["a"])
    (error,) = answer(served, TAG, ENGINEER, ids=both, tags=["No Tag"])["errors"]
    assert error["extensions"]["code"] == "invalid" and "is no tag" in error["message"]


@pytest.mark.one_way
def test_the_new_fields_cost_no_round_trip(served: Services) -> None:
    """They are part of the row that a list brings anyway; a command about many CIs is one call."""
    ids = estate(served.store)
    counted = Counted(served.store)
    watched = replace(served, store=cast(Store, counted))
    ask(watched, HOSTS.replace("totalCount", ""))
    assert counted.calls == ["find"]
    counted.calls.clear()
    ask(watched, TAG, ENGINEER, ids=[ids["web1"], ids["web2"], ids["shop"]], tags=["a"])
    assert counted.calls == ["tag_cis", "cis"]


def test_free_attributes_are_written_shown_and_filtered(served: Services) -> None:
    """As JSON under `extra`; a filter compares values of the same type only."""
    web1 = estate(served.store)["web1"]
    write = "mutation($i: ID!, $e: JSON) { updateCi(id: $i, extra: $e) { ci { extra } } }"
    done = ask(served, write, ENGINEER, i=web1, e={"cost": 7, "owner_team": "Ops", "leased": False})["updateCi"]
    assert done["ci"]["extra"] == {"cost": 7, "leased": False, "owner_team": "Ops"}
    assert names(served, extra=[{"name": "cost", "gte": 7}, {"name": "owner_team", "contains": "ops"}]) == {"web1"}
    assert names(served, extra=[{"name": "cost", "eq": "7"}]) == set() == names(served, extra=[{"name": "x", "ne": 1}])
    assert names(served, extra=[{"name": "cost", "in": [7, 8]}]) == {"web1"}
    assert names(served, extra=[{"name": "cost", "null": True}]) == {"web2"}
    for wrong in ({"name": "a`b", "eq": 1}, {"name": "cost", "eq": {"a": 1}}, {"name": "cost", "in": [[1]]}):
        (error,) = answer(served, HOSTS, filter={"extra": [wrong]})["errors"]
        assert error["extensions"]["code"] == "invalid"
    new = 'mutation { createCi(class: "Site", name: "n", attributes: {code: "n"}, tags: ["a"], extra: {b: 1}) '
    assert ask(served, new + "{ ci { tags extra } } }", ENGINEER)["createCi"]["ci"] == {
        "tags": ["a"],
        "extra": {"b": 1},
    }


def test_a_lifecycle_is_moved_filtered_and_ends_on_its_day(served: Services) -> None:
    """The sweeper retires it at the moment that was set, and the agent that saw it is asked for everything."""
    web1 = estate(served.store)["web1"]
    move = "mutation($i: ID!, $s: String!) { setLifecycle(id: $i, state: $s) { ci { lifecycle status } } }"
    moved = ask(served, move, ENGINEER, i=web1, s="in_repair")["setLifecycle"]["ci"]
    assert moved == {"lifecycle": "in_repair", "status": "live"}
    assert names(served, lifecycle={"eq": "in_repair"}) == {"web1"} == names(served, lifecycle={"ne": "live"})
    assert names(served, lifecycle={"eq": "live"}) == {"web2"}
    (error,) = answer(served, move, ENGINEER, i=web1, s="broken")["errors"]
    assert "planned, ordered, in_stock, live" in error["message"]
    end = 'mutation($i: ID!) { setExpiry(id: $i, at: "2030-01-01T00:00:00Z") { ci { expiresAt } } }'
    assert ask(served, end, ENGINEER, i=web1)["setExpiry"]["ci"]["expiresAt"] == "2030-01-01T00:00:00.000Z"
    assert names(served, expiresAt={"lt": "2030-06-01"}) == {"web1"}
    Sweeper(served.store, served.inbox, lambda: "2030-01-01T00:00:01.000Z").step()
    assert "web1" not in names(served)
    (gone,) = ask(served, HOSTS, filter={"expiresAt": {"null": False}}, retired=True)["hosts"]["nodes"]
    assert gone["lifecycle"] == "retired"


def test_policies_are_set_listed_broken_counted_and_removed(served: Services) -> None:
    """By admins alone; a refusal says everything; discovery goes on and is reported."""
    web1 = estate(served.store)["web1"]
    made = ask(served, SET, name="names", **{"class": "Host"}, rule="PATTERN", attribute="name", pattern=r"db\d+")
    assert made["setPolicy"] == {"name": "names", "rule": "PATTERN", "allowed": r"what fits db\d+"}
    ask(served, SET, name="owner", **{"class": "Host"}, rule="REQUIRED", attribute="extra:owner")
    with pytest.raises(Forbidden):
        answer(served, SET, ENGINEER, name="x", **{"class": "Host"}, rule="TAGS")
    served.store.apply(report(2, host("web3")), NOW)
    rename = 'mutation($i: ID!) { updateCi(id: $i, name: "app1") { ci { name } } }'
    (error,) = answer(served, rename, ENGINEER, i=web1)["errors"]
    assert error["extensions"]["code"] == "refused"
    assert r"policy names of Host: name is 'app1', allowed is what fits db\d+" in error["message"]
    listed = ask(served, (OPERATIONS / "policies.graphql").read_text())["policies"]
    assert [(one["name"], one["attribute"]) for one in listed] == [("names", "name"), ("owner", "extra:owner")]
    question = (OPERATIONS / "policy_violations.graphql").read_text()
    found = ask(served, question)["policyViolations"]
    assert {(one["ci"]["name"]) for one in found["nodes"]} == {"web2", "web3"} and found["lookedAt"] == 2
    assert found["counts"]["byPolicy"] == [{"policy": "names", "count": 2}, {"policy": "owner", "count": 2}]
    assert not found["pageInfo"]["hasNextPage"] and found["counts"]["truncated"] is None
    ask(served, 'mutation { removePolicy(name: "names") }')
    assert ask(served, rename, ENGINEER, i=web1)["updateCi"]["ci"]["name"]
    assert ask(served, (OPERATIONS / "cardinality_violations.graphql").read_text()) == {
        "cardinalityViolations": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    }
    for wrong in (
        {"rule": "PATTERN", "attribute": "name", "pattern": "(a"},
        {"rule": "REQUIRED", "attribute": "wheels"},
    ):
        (error,) = answer(served, SET, name="p", **{"class": "Host"}, **wrong)["errors"]
        assert error["extensions"]["code"] in {"invalid", "unknown_name"}
