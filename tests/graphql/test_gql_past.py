"""The past over GraphQL: every way to name a moment, history, differences, and impact as of then."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from support.questions import EPICENTRE, NEO4J, Counted, answer, ask, parts
from support.reports import host, network, report, service, services, sockets, uses

from cmdb.store import Store

pytestmark = pytest.mark.neo4j

IMPACT = "query I($of: [ID!]!, $at: Moment) { impact(of: $of, asOf: $at) { sequence items { ci { name } } } }"
DIFF = """
query D($from: Moment!, $to: Moment, $of: [ID!], $class: String, $first: Int! = 20, $after: String) {
  diff(from: $from, to: $to, of: $of, class: $class, first: $first, after: $after) {
    from to pageInfo { hasNextPage endCursor }
    nodes { name class what values { attribute before after } edges { type opened } }
  }
}
"""


def lived(store: Store) -> dict[str, str]:
    """web1's epicentre needs neo4j from sequence 2 on, no more from 3 on. Ids by name."""
    whole = [host("web1", memory_bytes=2**34), network("10.0.0.5"), services(NEO4J, EPICENTRE)]
    store.apply(report(1, *whole), "2026-01-01T00:00:01.000Z")
    store.apply(report(2, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), "2026-01-01T00:00:02.000Z")
    store.apply(report(3, host("web1", kernel="6.1"), sockets()), "2026-01-01T00:00:03.000Z")
    return {row["name"]: row["id"] for row in store.find(None, first=100)}


@pytest.mark.parametrize(
    ("moment", "sequence", "hit"),
    [(1, 1, []), (2, 2, ["epicentre"]), ("2", 2, ["epicentre"]), ("2026-01-01T00:00:02.500Z", 2, ["epicentre"]),
     ("2026-01-01T03:00:02+03:00", 2, ["epicentre"]), (None, 3, [])],
)  # fmt: skip
def test_a_moment_is_a_sequence_or_a_time(
    store: Store, tmp_path: Path, moment: Any, sequence: int, hit: list[str]
) -> None:
    """Impact answers for the graph of then, however the moment is named."""
    ids = lived(store)
    with parts(tmp_path, store) as of:
        found = ask(of, IMPACT, of=[ids["neo4j"]], at=moment)["impact"]
    assert (found["sequence"], [i["ci"]["name"] for i in found["items"]]) == (sequence, hit)


@pytest.mark.parametrize(
    ("moment", "said"),
    [("2026-01-01T00:00:02", "names no time zone"), ("yesterday", "no journal sequence and no ISO 8601 time"),
     (True, "a journal sequence or an ISO 8601 time"), (99, "sequences 0 to 3"), (-1, "sequences 0 to 3"),
     ("2126-01-01T00:00Z", "in the future"),
     ("9999-12-31T23:00:00-12:00", "outside the years 1 to 9999"), ("0001-01-01T00:00+12:00", "outside the years"),
     ("2026-01-01T00:00:02Z" + "z" * 40, "no ISO 8601 time"), ("1999-01-01T00:00Z", "nothing was known")],
)  # fmt: skip
def test_a_moment_that_is_none_is_a_sentence(store: Store, tmp_path: Path, moment: Any, said: str) -> None:
    """What is wrong with it is named."""
    ids = lived(store)
    with parts(tmp_path, store) as of:
        found = answer(of, IMPACT, of=[ids["neo4j"]], at=moment)
    assert said in found["errors"][0]["message"]


def test_dependencies_path_and_states_answer_for_then(store: Store, tmp_path: Path) -> None:
    """The same pinned moment for each question about edges, and the CI as it was."""
    ids = lived(store)
    text = """
    query T($of: [ID!]!, $to: ID!, $from: ID!, $at: Moment) {
      dependents(of: $of, asOf: $at, types: ["DEPENDS_ON"]) { nodes { from { name } } }
      dependencies(of: [$from], asOf: $at, types: ["DEPENDS_ON"]) { nodes { to { name } } }
      path(from: $from, to: $to, asOf: $at) { type }
      pastCis(of: $of, asOf: $at) { name status rev attributes }
    }
    """
    with parts(tmp_path, store) as of:
        then = ask(of, text, of=[ids["neo4j"]], to=ids["neo4j"], at=2, **{"from": ids["epicentre"]})
        now = ask(of, text, of=[ids["neo4j"]], to=ids["neo4j"], at=3, **{"from": ids["epicentre"]})
        host_then = ask(of, "query P($i: [ID!]!) { pastCis(of: $i, asOf: 2) { attributes since } }", i=[ids["web1"]])
    assert [d["from"]["name"] for d in then["dependents"]["nodes"]] == ["epicentre"]
    assert [d["to"]["name"] for d in then["dependencies"]["nodes"]] == ["neo4j"]
    assert [hop["type"] for hop in then["path"]] == ["DEPENDS_ON"]
    assert (now["dependents"]["nodes"], now["dependencies"]["nodes"], now["path"]) == ([], [], None)
    assert then["pastCis"][0]["attributes"]["listens"] == ["tcp://127.0.0.1:17687"]
    assert host_then["pastCis"] == [{"attributes": {"hostname": "web1", "memoryBytes": 2**34}, "since": 1}]


def test_history_in_pages(store: Store, tmp_path: Path) -> None:
    """Newest first; `before` joins the pages and is null at the end."""
    ids = lived(store)
    text = """
    query H($id: ID!, $before: Int) {
      history(id: $id, first: 1, before: $before) {
        before nodes { seq what summary values { attribute before after } edges { opened } }
      }
    }
    """
    with parts(tmp_path, store) as of:
        first = ask(of, text, id=ids["web1"])["history"]
        second = ask(of, text, id=ids["web1"], before=first["before"])["history"]
        unknown = answer(of, text, id="ci_nobody")
    changed = first["nodes"][0]
    assert (changed["seq"], changed["what"]) == (3, "changed")
    assert {v["attribute"]: (v["before"], v["after"]) for v in changed["values"]} == {
        "kernel": (None, "6.1"), "memoryBytes": (2**34, None),
    }  # fmt: skip
    assert (second["nodes"][0]["what"], second["before"]) == ("created", None)
    assert unknown["errors"][0]["extensions"]["code"] == "unknown_name"


def test_a_difference_pins_both_moments_and_says_when_there_is_more(store: Store, tmp_path: Path) -> None:
    """Without `to` it compares with now and says which sequence that was; bad bounds and classes are sentences."""
    lived(store)
    with parts(tmp_path, store) as of:
        found = ask(of, DIFF, **{"from": 1})["diff"]
        page = ask(of, DIFF, first=1, **{"from": 0})["diff"]
        rest = ask(of, DIFF, after=page["pageInfo"]["endCursor"], **{"from": 0})["diff"]
        reverse = answer(of, DIFF, to=1, **{"from": 2})
        wrong = [
            answer(of, DIFF, to=to, **{"from": begun}) for begun, to in ((99, None), (1, 99), ("1999-01-01T00Z", 1))
        ]
        nothing = answer(of, DIFF, **{"from": 1, "class": "Nothing"})
    assert (found["from"], found["to"], found["pageInfo"]["hasNextPage"]) == (1, 3, False)
    assert [(n["name"], n["what"], n["edges"]) for n in found["nodes"]] == [("web1", "changed", [])]
    assert page["pageInfo"]["hasNextPage"]
    assert len(page["nodes"]) + len(rest["nodes"]) == 5
    assert "lies behind" in reverse["errors"][0]["message"]
    assert [one["errors"][0]["extensions"]["where"] for one in wrong] == ["from", "to", "from"]
    assert nothing["errors"][0]["extensions"]["code"] == "unknown_name"


NAMES = """
query N($id: ID!, $of: [ID!]!, $at: Moment) {
  ci(id: $id, asOf: $at) {
    name asOf parent { name asOf } lastSeen claims { values { attribute value } }
    children(first: 50) { nodes { name } }
    dependents { nodes { from { name asOf } to { name } } }
  }
  dependents(of: $of, asOf: $at) { nodes { from { name asOf } to { name } } }
  impact(of: $of, asOf: $at) { verdict of { name } items { ci { name asOf } path { from { name } } } }
  hosts(asOf: $at, filter: {name: {prefix: "web"}}) { totalCount nodes { name children(class: "Service") {
    nodes { name parent { name } } } } }
  cis(asOf: $at, class: "Service", order: [{attribute: "name"}]) { nodes { name ... on Service { unit } } }
}
"""


def renamed(store: Store) -> dict[str, str]:
    """web1 with neo4j on it, then web9 with neo4j 5. Ids by their names of now."""
    old, new = service("neo4j", 17687, unit="4"), service("neo4j", 17687, unit="5")
    store.apply(report(1, host("web1"), services(old, EPICENTRE)), "2026-01-01T00:00:01.000Z")
    store.apply(report(2, host("web9"), services(new, EPICENTRE)), "2026-01-01T00:00:02.000Z")
    return {row["name"]: row["id"] for row in store.find(None, first=100)}


def test_whatever_an_answer_names_is_named_as_of_then(store: Store, tmp_path: Path) -> None:
    """CIs, parents, children, ends of edges and impact carry the names and values of their moment, at every depth."""
    ids = renamed(store)
    host_id = ids["web9"]
    with parts(tmp_path, store) as of:
        then = ask(of, NAMES, id=host_id, of=[host_id], at=1)
        now = ask(of, NAMES, id=host_id, of=[host_id])
    for found, name, at, unit in ((then, "web1", 1, "4"), (now, "web9", None, "5")):
        assert (found["ci"]["name"], found["ci"]["asOf"]) == (name, at)
        assert {e["to"]["name"] for e in found["ci"]["dependents"]["nodes"]} == {name}
        assert {(e["to"]["name"], e["from"]["asOf"]) for e in found["dependents"]["nodes"]} == {(name, at)}
        assert found["impact"]["verdict"].count(name) and found["impact"]["of"] == [{"name": name}]
        assert {i["ci"]["asOf"] for i in found["impact"]["items"]} == {at}
        (one,) = found["hosts"]["nodes"]
        assert (one["name"], found["hosts"]["totalCount"]) == (name, 1)
        assert {s["parent"]["name"] for s in one["children"]["nodes"]} == {name}
        assert [s for s in found["cis"]["nodes"] if s["name"] == "neo4j"] == [{"name": "neo4j", "unit": unit}]


@pytest.mark.parametrize(
    ("question", "most"),
    [
        ("{ hosts(asOf: 1, first: 99) { nodes { name } } }", 2),
        ("{ hosts(asOf: 1, first: 9) { nodes { children(first: 9) { nodes { name parent { name } } } } } }", 4),
        (
            "{ cis(asOf: 1, first: 9) { nodes { dependencies(first: 9) { nodes { to { name parent { name } } } } } } }",
            5,
        ),
    ],
)
def test_round_trips_as_of_a_moment_follow_the_depth(store: Store, tmp_path: Path, question: str, most: int) -> None:
    """At most 2 + depth calls to the store, the moment's own among them."""
    for n in range(5):
        store.apply(
            report(n + 1, host(f"web{n}"), services(NEO4J, EPICENTRE), node=f"nd_{n}"), "2026-01-01T00:00:01.000Z"
        )
    with parts(tmp_path, store) as of:
        counter = Counted(store)
        at = question.replace("asOf: 1", "asOf: 5")
        assert ask(replace(of, store=cast(Store, counter)), at)
    assert len(counter.calls) <= most, counter.calls


def test_a_moment_is_resolved_once_a_question(store: Store, tmp_path: Path) -> None:
    """Two fields with one moment mean one sequence."""
    ids = renamed(store)
    with parts(tmp_path, store) as of:
        counter = Counted(store)
        text = 'query T($i: ID!) { a: ci(id: $i, asOf: "2026-01-01T00:00:01.5Z") { name asOf } '
        text += 'b: hosts(asOf: "2026-01-01T00:00:01.5Z") { nodes { name asOf } } }'
        found = ask(replace(of, store=cast(Store, counter)), text, i=ids["web9"])
    assert found["a"] == found["b"]["nodes"][0] == {"name": "web1", "asOf": 1}
    assert counter.calls.count("pins") == 1
