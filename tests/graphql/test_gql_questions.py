"""Questions about CIs, put to the real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from support.questions import EPICENTRE, NEO4J, Counted, answer, ask, estate, parts
from support.reports import NOW, host, network, report, services, sockets, uses

from cmdb.store import Store
from cmdb_graphql.pictures import Radius, layout, svg
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a clean store."""
    with parts(tmp_path / "home", store) as made:
        yield made


@pytest.fixture
def ids(served: Services) -> dict[str, str]:
    """The small estate, ids by name."""
    return estate(served.store)


def names(rows: list[dict[str, Any]]) -> list[str]:
    """The names of a list."""
    return [row["name"] for row in rows]


def test_a_list_shows_the_live_cis_of_its_class_and_retired_ones_when_asked(
    served: Services, ids: dict[str, str]
) -> None:
    """Tombstones are there, but only for who asks."""
    served.store.apply(report(2, services(EPICENTRE)), NOW)
    assert names(ask(served, "{services{nodes{name}}}")["services"]["nodes"]) == ["epicentre", "shop"]
    all_of_them = ask(served, "{services(includeRetired: true){totalCount nodes{name status}}}")["services"]
    assert all_of_them["totalCount"] == 3
    assert {"name": "neo4j", "status": "retired"} in all_of_them["nodes"]


def test_a_ci_has_its_declared_attributes_and_what_surrounds_it(served: Services, ids: dict[str, str]) -> None:
    """One question from a service to its host, its neighbours, its claims and back."""
    found = ask(
        served,
        """query Q($id: ID!) { ci(id: $id) { __typename id class name status rev key firstSeen
             parent { name ... on Host { hostname cpuCores memoryBytes } children(class: "Service") { nodes { name } } }
             dependencies { nodes { type evidence { kind detail confidence lastSeen } from { name } to { name } } }
             dependents(first: 100) { nodes { type from { name } } }
             claims { scope since trace }
             ... on Service { kind listens } } }""",
        id=ids["epicentre"],
    )["ci"]
    assert (found["__typename"], found["class"], found["name"], found["status"]) == (
        "Service", "Service", "epicentre", "live",
    )  # fmt: skip
    assert found["listens"] == ["tcp://0.0.0.0:8480"]
    assert found["parent"]["hostname"] == "web1"
    assert (found["parent"]["cpuCores"], found["parent"]["memoryBytes"]) == (4, 2**34)
    assert names(found["parent"]["children"]["nodes"]) == ["epicentre", "neo4j"]
    assert {(d["type"], d["to"]["name"]) for d in found["dependencies"]["nodes"]} == {
        ("DEPENDS_ON", "neo4j"), ("RUNS_ON", "web1"),
    }  # fmt: skip
    seen = next(d["evidence"] for d in found["dependencies"]["nodes"] if d["type"] == "DEPENDS_ON")
    assert (seen["kind"], seen["confidence"], seen["lastSeen"]) == ("socket", 0.9, None)
    assert [d["from"]["name"] for d in found["dependents"]["nodes"]] == ["shop"]
    assert [c["scope"] for c in found["claims"]] == ["nd_1/services"]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("{cpuCores: {gt: 4}}", ["web2"]),
        ("{cpuCores: {gte: 4, lt: 16}}", ["web1"]),
        ('{name: {eq: "web1"}}', ["web1"]),
        ('{name: {ne: "web1"}}', ["web2"]),
        ('{name: {in: ["web2", "web9"]}}', ["web2"]),
        ('{hostname: {contains: "EB1"}}', ["web1"]),
        ('{hostname: {prefix: "we"}}', ["web1", "web2"]),
        ("{memoryBytes: {null: true}}", ["web2"]),
        ("{memoryBytes: {null: false}}", ["web1"]),
        ('{or: [{name: {eq: "web1"}}, {cpuCores: {eq: 16}}]}', ["web1", "web2"]),
        ('{not: {name: {eq: "web1"}}}', ["web2"]),
        ('{and: [{name: {prefix: "web"}}, {not: {or: [{name: {eq: "web1"}}]}}]}', ["web2"]),
    ],
)
def test_filters_mean_what_they_say(served: Services, ids: dict[str, str], filter_: str, expected: list[str]) -> None:
    """Each operator, and and/or/not, leave exactly the hosts they describe."""
    found = ask(served, f"{{hosts(filter: {filter_}){{totalCount nodes{{name}}}}}}")["hosts"]
    assert names(found["nodes"]) == expected
    assert found["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ('{attributes: [{name: "cpuCores", gt: 4}]}', ["web2"]),
        ('{attributes: [{name: "cpu_cores", gte: "4", lt: 16.0}]}', ["web1"]),
        ('{attributes: [{name: "hostname", in: ["web1", "web2"]}]}', ["web1", "web2"]),
        ('{attributes: [{name: "hostname", prefix: "WE"}, {name: "cpuCores", ne: 4}]}', ["web2"]),
        ('{attributes: [{name: "listens", suffix: ":8480"}]}', ["epicentre"]),
        ('{and: [{class: {eq: "Host"}}, {not: {attributes: [{name: "memoryBytes", null: false}]}}]}', ["web2"]),
        (
            '{and: [{class: {eq: "Service"}}, {related: [{type: "RUNS_ON", '
            'to: {attributes: [{name: "cpuCores", eq: 4}]}}]}]}',
            ["epicentre", "neo4j"],
        ),
    ],
)
def test_attributes_of_any_class_decide_where_the_class_is_open(
    served: Services, ids: dict[str, str], filter_: str, expected: list[str]
) -> None:
    """Of all CIs, and of those at the far end of a relation; numbers may be written as text."""
    found = ask(served, f"{{cis(filter: {filter_}){{totalCount nodes{{name}}}}}}")["cis"]
    assert (names(found["nodes"]), found["totalCount"]) == (expected, len(expected))


def test_pages_together_are_the_list_and_a_cursor_may_be_any_rows(served: Services, ids: dict[str, str]) -> None:
    """Three at a time in a descending order: every CI once, in the order of one big page; edges carry cursors."""
    question = """query Q($after: String) { cis(first: 3, after: $after, order: [{attribute: "class", descending: true},
                  {attribute: "name"}]) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    cursors: list[str] = []
    after = None
    for _ in range(10):
        page = ask(served, question, after=after)["cis"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        cursors += [edge["cursor"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    whole = ask(
        served,
        '{cis(first: 100, order: [{attribute: "class", descending: true}, {attribute: "name"}]){nodes{id}}}',
    )["cis"]["nodes"]
    assert seen == [row["id"] for row in whole] and len(seen) == served.store.count(None)
    again = ask(served, question, after=cursors[1])["cis"]["edges"]
    assert [edge["node"]["id"] for edge in again] == seen[2:5]


@pytest.mark.parametrize(
    ("question", "code", "word"),
    [
        ('{hosts(order: [{attribute: "nonsense"}]){nodes{id}}}', "unknown_name", "nonsense"),
        ('{hosts(after: "nonsense"){nodes{id}}}', "invalid", "cursor"),
        ('{hosts(after: "W3siYSI6MX0sMV0"){nodes{id}}}', "invalid", "cursor"),
        ("{hosts(first: 0){nodes{id}}}", "too_large", "1 to 100"),
        ("{hosts(first: 101){nodes{id}}}", "too_large", "1 to 100"),
        ('{cis(class: "Toaster"){nodes{id}}}', "unknown_name", "Toaster"),
        ('{dependencies(of: ["ci_none"]){nodes{id}}}', "unknown_name", "ci_none"),
        ('{dependents(of: ["ci_none"]){nodes{id}}}', "unknown_name", "ci_none"),
        ('{path(from: "ci_none", to: "ci_none"){id}}', "unknown_name", "ci_none"),
        ('{impact(of: ["ci_none"]){verdict}}', "unknown_name", "ci_none"),
        ("{impact(of: []){verdict}}", "invalid", "1 to 100"),
        ('{cis(filter: {lifecycle: {eq: "bogus"}}){nodes{id}}}', "unknown_name", "'bogus'; known are planned, "),
        ('{hosts(filter: {not: {status: {in: ["gone"]}}}){nodes{id}}}', "unknown_name", "known are live, retired"),
        ("{hosts(filter: {name: {eq: null}}){nodes{id}}}", "invalid", "`null: true`"),
        ('{search(text: "web", after: "WzUsImNpXzEiXQ"){nodes{id}}}', "invalid", "cursor"),
        ('{counts(by: CLASS, after: "WyJhIiwiYiJd"){nodes{key}}}', "invalid", "cursor"),
        ('{cis(filter: {attributes: [{name: "tyres", eq: 4}]}){nodes{id}}}', "unknown_name", "tyres"),
        ('{cis(filter: {attributes: [{name: "cpuCores", eq: "four"}]}){nodes{id}}}', "invalid", "a number"),
        ('{cis(filter: {attributes: [{name: "cpuCores", contains: "4"}]}){nodes{id}}}', "invalid", "contains"),
        ('{cis(filter: {attributes: [{name: "hostname", eq: 4}]}){nodes{id}}}', "invalid", "a text"),
        ('{cis(filter: {attributes: [{name: "ports", eq: 4}]}){nodes{id}}}', "invalid", "in another"),
    ],
)
def test_what_is_wrong_with_an_argument_is_said_with_a_code(
    served: Services, ids: dict[str, str], question: str, code: str, word: str
) -> None:
    """A wrong name or size is the caller's to correct, and nothing of it reaches the store as a surprise."""
    (error,) = answer(served, question)["errors"]
    assert error["extensions"]["code"] == code
    assert word in error["message"]


def test_a_path_and_its_hops_carry_evidence_and_age(served: Services, ids: dict[str, str]) -> None:
    """From the shop to neo4j over epicentre; the way back does not exist."""
    question = """query P($from: ID!, $to: ID!, $hops: Int!) { path(from: $from, to: $to, maxHops: $hops) {
                  from { name } to { name } type ageSeconds evidence { detail } } }"""
    served.inbox.accept("nd_1", 1, report(1, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), b"{}")
    hops = ask(served, question, **{"from": ids["shop"], "to": ids["neo4j"], "hops": 8})["path"]
    assert [(h["from"]["name"], h["to"]["name"]) for h in hops] == [("shop", "epicentre"), ("epicentre", "neo4j")]
    assert hops[0]["ageSeconds"] is None and 0 <= hops[1]["ageSeconds"] < 60
    assert ask(served, question, **{"from": ids["shop"], "to": ids["neo4j"], "hops": 1})["path"] is None
    assert ask(served, question, **{"from": ids["neo4j"], "to": ids["shop"], "hops": 8})["path"] is None


IMPACT = """query I($of: [ID!]!, $asOf: Moment) { impact(of: $of, asOf: $asOf) { sequence at hash verdict truncated
  of { name } items { ci { id name } before degree hops reason freshnessSeconds path { from { name } to { name } } }
  atRisk { id } counts { class degree count } edges { id type from { name } to { name } } } }"""


def test_impact_says_who_goes_down_why_and_by_which_way(served: Services, ids: dict[str, str]) -> None:
    """If neo4j stops, epicentre and then the shop go down, nearest first, each with its chain."""
    found = ask(served, IMPACT, of=[ids["neo4j"]])["impact"]
    assert found["verdict"] == "If neo4j stops, 2 CIs go down (epicentre and shop)."
    assert [(i["ci"]["name"], i["before"], i["degree"], i["hops"]) for i in found["items"]] == [
        ("epicentre", "UP", "DOWN", 1), ("shop", "UP", "DOWN", 2),
    ]  # fmt: skip
    assert found["items"][1]["reason"] == "needs epicentre, which is down"
    assert [h["to"]["name"] for h in found["items"][1]["path"]] == ["epicentre", "neo4j"]
    assert found["counts"] == [{"class": "Service", "degree": "DOWN", "count": 2}]
    assert {(e["from"]["name"], e["to"]["name"]) for e in found["edges"]} == {
        ("epicentre", "neo4j"), ("shop", "epicentre"),
    }  # fmt: skip


def test_the_server_draws_what_its_answer_says(served: Services, ids: dict[str, str]) -> None:
    """The ladder of the field is the ladder anybody draws of the same answer, to the byte; also as of a moment."""
    question = """query I($of: [ID!]!, $asOf: Moment) { impact(of: $of, asOf: $asOf) { svg sequence verdict truncated
      of { id name class } atRisk { id name class } items { ci { id name class } degree hops reason freshnessSeconds
      path { type to { id } ageSeconds evidence { kind detail } } } } }"""
    now = ask(served, question, of=[ids["neo4j"]])["impact"]
    assert now["svg"] == svg(layout(Radius.of(now))) and "shop" in now["svg"]
    served.store.apply(report(2, sockets()), NOW)
    then = ask(served, question, of=[ids["neo4j"]], asOf=now["sequence"])["impact"]
    assert then["svg"] == now["svg"] != ask(served, question, of=[ids["neo4j"]])["impact"]["svg"]


def test_the_hash_of_an_impact_moves_with_the_radius_and_with_nothing_else(
    served: Services, ids: dict[str, str]
) -> None:
    """A report about something else leaves it; a new dependent changes it; the past keeps its own."""
    before = ask(served, IMPACT, of=[ids["neo4j"]])["impact"]
    served.store.apply(report(2, host("web2", cpu_cores=32), node="nd_2", boot="boot-2"), NOW)
    unmoved = ask(served, IMPACT, of=[ids["neo4j"]])["impact"]
    assert unmoved["sequence"] > before["sequence"] and unmoved["hash"] == before["hash"]
    served.store.apply(report(2, sockets()), NOW)
    moved = ask(served, IMPACT, of=[ids["neo4j"]])["impact"]
    assert moved["items"] == [] and moved["hash"] != before["hash"]
    past = ask(served, IMPACT, of=[ids["neo4j"]], asOf=before["sequence"])["impact"]
    assert (past["hash"], past["sequence"]) == (before["hash"], before["sequence"])


def test_freshness_comes_from_the_source_that_last_said_so(served: Services, ids: dict[str, str]) -> None:
    """A CI whose agent never reached this inbox has no last sighting; one that did has it."""
    served.inbox.accept("nd_1", 1, report(1, host()), b"{}")
    found = {row["name"]: row["lastSeen"] for row in ask(served, "{hosts{nodes{name lastSeen}}}")["hosts"]["nodes"]}
    assert found["web2"] is None and found["web1"] is not None


def test_search_and_resolve_find_by_what_people_type(served: Services, ids: dict[str, str]) -> None:
    """The start of a word for search; a class narrows a name."""
    assert names(ask(served, '{search(text: "epic"){nodes{name}}}')["search"]["nodes"]) == ["epicentre"]
    assert names(ask(served, '{resolve(name: "web1"){nodes{name}}}')["resolve"]["nodes"]) == ["web1"]
    assert ask(served, '{resolve(name: "web1", class: "Service"){nodes{name}}}')["resolve"]["nodes"] == []


def test_the_server_says_how_it_does(served: Services, ids: dict[str, str]) -> None:
    """Counts, queue, journal and agents of the small estate."""
    status = ask(served, "{status{sequence queued held quarantined counts{class count}}}")["status"]
    assert (status["sequence"], status["queued"], status["held"], status["quarantined"]) == (2, 0, 0, 0)
    assert {"class": "Host", "count": 2} in status["counts"]
    journal = ask(served, "{journal(first: 1){nodes{seq actor summary hash}}}")["journal"]["nodes"]
    assert [(e["seq"], e["actor"]) for e in journal] == [(2, "nd_2")]
    assert [e["seq"] for e in ask(served, "{journal(before: 2){nodes{seq}}}")["journal"]["nodes"]] == [1]
    assert ask(served, "{conflicts{nodes{id}}}") == {"conflicts": {"nodes": []}}
    assert ask(served, "{agents{nodes{node}}}") == {"agents": {"nodes": []}}


NEXT = "dependencies(first: 3){{nodes{{to{{{}}}}}}}"
"""What a CI depends on, and something of that."""


@pytest.mark.parametrize(
    ("question", "most"),
    [
        ("{hosts(first: 100){nodes{name lastSeen hostname}}}", 1),
        ("{hosts(first: 100){totalCount nodes{name}}}", 2),
        ("{services(first: 100){nodes{name parent{name parent{name}}}}}", 2),
        ("{hosts(first: 100){nodes{children(first: 5){nodes{name parent{name}}}}}}", 2),
        ("{services(first: 50){nodes{dependencies{nodes{type to{name}}} dependents{nodes{from{name}}}}}}", 4),
        (f"{{services(first: 20){{nodes{{{NEXT.format(NEXT.format('name claims{scope}'))}}}}}}}", 6),
    ],
)
def test_round_trips_follow_the_depth_and_never_the_number_of_rows(
    served: Services, store: Store, question: str, most: int
) -> None:
    """At most 2 + depth calls to the store, the same with thirty hosts as with two."""
    counter = Counted(store)
    counted = replace(served, store=cast(Store, counter))
    taken = []
    for number in (2, 30):
        for i in range(number):
            parts_ = [host(f"h{i}"), network(f"10.1.0.{i}"), services(NEO4J, EPICENTRE)]
            links = sockets(uses(EPICENTRE, "127.0.0.1:17687"))
            store.apply(report(number, *parts_, links, node=f"nd_h{i}", boot=f"b{i}"), NOW)
        counter.calls.clear()
        ask(counted, question)
        taken.append(list(counter.calls))
    assert len(taken[1]) <= most, taken
    assert len(taken[0]) == len(taken[1])


PAGE = "%s(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }"


@pytest.mark.parametrize(("of", "ci"), [("children", "web1"), ("dependencies", "epicentre"), ("dependents", "web1")])
def test_what_surrounds_a_ci_says_when_it_is_cut(served: Services, ids: dict[str, str], of: str, ci: str) -> None:
    """Page by page everything comes once, and every page but the last says that more follow; no unknown place."""
    whole_list = f"all: {of}(first: 100) {{ nodes {{ id }} }}"
    text = f"query Q($id: ID!, $after: String) {{ ci(id: $id) {{ {PAGE % of} {whole_list} }} }}"
    after: str | None = None
    found: list[Any] = []
    while True:
        got = ask(served, text, id=ids[ci], after=after)["ci"]
        page, whole = got[of], got["all"]["nodes"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] == (len(found) < len(whole))
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole
    assert len(whole) > 1
    lost = answer(served, text, id=ids[ci], after="nowhere")
    assert "no cursor of ours" in lost["errors"][0]["message"]
