"""No list is silently short: what is cut says so, and its pages together are the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema
from support.questions import SHOP, answer, ask, estate, parts
from support.reports import NOW, host, report, sockets, uses

from cmdb.store import Store
from cmdb_graphql import lists
from cmdb_graphql.schema import Built
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a clean store."""
    with parts(tmp_path / "home", store) as made:
        yield made


def test_every_list_of_the_schema_is_a_page_or_says_why_it_is_whole() -> None:
    """And whoever reads the schema reads the reason."""
    built = Built(processes())
    assert lists.silent(built.graphql) == []
    claims = built.graphql.type_map["CI"].fields["claims"]  # type: ignore[attr-defined]  # an interface
    assert claims.description.endswith("Always whole: a CI has few sources.")


def test_a_list_that_could_be_cut_without_a_word_is_named() -> None:
    """Bare lists, of objects and of values; not those beside what says it."""
    holes = build_schema(
        "type Query { a: [Int!]! b: [T!] c: P } type T { x: Int } type P { n: [T!]! truncated: String }"
    )
    assert [one.partition(" ")[0] for one in lists.silent(holes)] == ["Query.a", "Query.b"]


def walked(of: Services, field: str, selection: str, arguments: str = "", size: int = 2) -> list[Any]:
    """All pages of a list, each checked for what it says of the next."""
    text = (
        f"query W($after: String) {{ {field}(first: {size}, after: $after{arguments}) "
        f"{{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    rows: list[Any] = []
    after: str | None = None
    while True:
        page = ask(of, text, after=after)[field]
        rows += page["nodes"]
        assert len(page["nodes"]) == size or not page["pageInfo"]["hasNextPage"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


@pytest.mark.neo4j
def test_pages_of_what_is_found_and_of_the_journal(served: Services) -> None:
    """Each row once, in order; a cursor of another list is refused."""
    for i in range(5):
        served.store.apply(report(1, host(f"web{i}.example.org"), node=f"nd_{i}", boot=f"b{i}"), NOW)
    names = [f"web{i}.example.org" for i in range(5)]
    assert [row["name"] for row in walked(served, "search", "name", ', text: "web"')] == names
    assert [row["seq"] for row in walked(served, "journal", "seq")] == [5, 4, 3, 2, 1]
    assert [row["seq"] for row in walked(served, "journal", "seq", ", before: 3")] == [2, 1]
    ends = ["*.example.org", "*ample.org", "*example.org", "web *.org", "*example.ORG web3"]
    found = [[row["name"] for row in walked(served, "search", "name", f', text: "{end}"')] for end in ends]
    assert found == [names, names, names, names, [names[3]]]
    assert walked(served, "search", "name", ', text: "*.example"') == []
    (error,) = answer(served, '{search(text: "web", after: "5"){nodes{id}}}')["errors"]
    assert "cursor" in error["message"]
    cut = ask(served, '{resolve(name: "web", first: 2){nodes{name} truncated}}')["resolve"]
    assert [row["name"] for row in cut["nodes"]] == names[:2]
    assert cut["truncated"] == "more than 2 fit: name it more exactly"
    assert ask(served, '{resolve(name: "web", first: 5){truncated}}')["resolve"]["truncated"] is None


PATHS = """query P($from: ID!, $to: ID!, $k: Int! = 3, $at: Moment) {
  paths(from: $from, to: $to, first: $k, asOf: $at) {
    nodes { hops edges { from { name } to { name } type ageSeconds evidence { kind detail } } } truncated } }"""


@pytest.mark.neo4j
def test_ways_between_two_cis_are_the_shortest_first_with_evidence_now_and_then(served: Services) -> None:
    """From the shop to neo4j directly and over epicentre; before the direct link there was one way only."""
    ids = estate(served.store)
    ends = {"from": ids["shop"], "to": ids["neo4j"]}
    before = ask(served, PATHS, **ends)["paths"]
    assert ([way["hops"] for way in before["nodes"]], before["truncated"]) == ([2], None)
    both = sockets(uses(SHOP, "10.0.0.5:8480"), uses(SHOP, "10.0.0.5:17687"))
    served.store.apply(report(2, both, node="nd_2", boot="boot-2"), NOW)
    link = f'linkCis(type: "DEPENDS_ON", from: "{ids["shop"]}", to: "{ids["neo4j"]}") {{ sequence }}'
    ask(served, f"mutation {{ {link} }}")
    found = ask(served, PATHS, **ends)["paths"]
    ways = [[(hop["from"]["name"], hop["to"]["name"]) for hop in way["edges"]] for way in found["nodes"]]
    assert ways == [[("shop", "neo4j")], [("shop", "epicentre"), ("epicentre", "neo4j")]]
    assert found["nodes"][1]["edges"][0]["evidence"]["kind"] == "socket" and found["truncated"] is None
    one = ask(served, PATHS, k=1, **ends)["paths"]
    assert len(one["nodes"]) == 1 and "more than 1" in one["truncated"]
    assert ask(served, PATHS, at=2, **ends)["paths"] == before
    assert ask(served, PATHS, **{"from": ids["neo4j"], "to": ids["shop"]})["paths"] == {"nodes": [], "truncated": None}
    for wrong, word in (("first: 11", "1 to 10"), ("maxHops: 9", "1 to 8")):
        text = f'{{paths(from: "{ids["shop"]}", to: "{ids["neo4j"]}", {wrong}){{truncated}}}}'
        assert word in answer(served, text)["errors"][0]["message"]
