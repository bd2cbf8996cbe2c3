"""Filters by relation and by the ends of words, counts by whatever is declared, and how old what we know is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.questions import NEO4J, answer, ask, estate, parts
from support.reports import NOW, host, report, services

from cmdb.cypher.counts import DIMENSIONS
from cmdb.store import By, Store
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """The small estate."""
    with parts(tmp_path / "home", store) as made:
        estate(store)
        yield made


def names(of: Services, narrow: str, root: str = "services") -> list[str]:
    """The names of what a filter leaves."""
    found = ask(of, f"{{{root}(filter: {narrow}) {{ totalCount nodes {{ name }} }} }}")[root]
    assert found["totalCount"] == len(found["nodes"])
    return [row["name"] for row in found["nodes"]]


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ('{related: [{type: "DEPENDS_ON", to: {name: {prefix: "Neo"}}}]}', ["epicentre"]),
        ('{related: [{type: "DEPENDS_ON"}]}', ["epicentre", "shop"]),
        ('{related: [{type: "DEPENDS_ON", none: true}]}', ["neo4j"]),
        ('{related: [{type: "DEPENDS_ON", direction: IN}]}', ["epicentre", "neo4j"]),
        ('{related: [{direction: IN, to: {name: {eq: "shop"}}}]}', ["epicentre"]),
        ('{related: [{type: "DEPENDS_ON"}, {type: "DEPENDS_ON", direction: IN}]}', ["epicentre"]),
        ('{not: {related: [{type: "DEPENDS_ON"}]}}', ["neo4j"]),
        ('{related: [{type: "DEPENDS_ON", to: {related: [{type: "DEPENDS_ON"}]}}]}', ["shop"]),
        ('{related: [{type: "RUNS_ON", to: {class: {eq: "Host"}, name: {suffix: "B2"}}}]}', ["shop"]),
        ('{name: {suffix: "4J"}}', ["neo4j"]),
        ('{name: {startsWith: "neo"}}', ["neo4j"]),
        ('{name: {startsWith: "Neo"}}', []),
        ('{listens: {suffix: ":8480"}}', ["epicentre"]),
    ],
)
def test_filters_by_relation_and_by_ends_mean_what_they_say(served: Services, narrow: str, expected: list[str]) -> None:
    """Each leaves exactly the services it describes, alone and inside others."""
    assert names(served, narrow) == expected


def test_what_is_no_more_joins_nothing_and_relations_have_a_bound(served: Services) -> None:
    """An edge that was closed does not count; a fourth step is refused; so is a relation nobody declared."""
    served.store.apply(report(2, services(NEO4J)), NOW)
    assert names(served, '{related: [{type: "DEPENDS_ON", to: {name: {prefix: "neo"}}}]}') == []
    deep = "{}"
    for _ in range(4):
        deep = f'{{related: [{{type: "DEPENDS_ON", to: {deep}}}]}}'
    for narrow, word in ((deep, "at most 3"), ('{related: [{type: "LOVES"}]}', "LOVES")):
        assert word in answer(served, f"{{services(filter: {narrow}){{nodes{{id}}}}}}")["errors"][0]["message"]


def counted(of: Services, arguments: str) -> list[tuple[Any, int]]:
    """Keys and counts."""
    found = ask(of, f"{{counts({arguments}) {{ nodes {{ key count }} pageInfo {{ hasNextPage }} }} }}")["counts"]
    assert not found["pageInfo"]["hasNextPage"]
    return [(row["key"], row["count"]) for row in found["nodes"]]


MAKE = """mutation {
  site: createCi(class: "Site", name: "Berlin", attributes: {code: "BER"}) { ci { id } }
  who: createCi(class: "Organisation", name: "Shop AG", attributes: {code: "SHOP"}) { ci { id } }
}"""
LINK = "mutation L($a: ID!, $b: ID!, $t: String!) { linkCis(type: $t, from: $a, to: $b) { sequence } }"


def test_cis_are_counted_by_every_dimension_most_first(served: Services) -> None:
    """By class, status, attribute, site and owner; what nobody said is null; each dimension is one round trip."""
    ids = {row["name"]: row["id"] for row in served.store.find(None, first=100)}
    total = served.store.count(None)
    by_class = counted(served, "by: CLASS")
    assert by_class[0] == ("Service", 3) and sum(n for _, n in by_class) == total
    assert counted(served, "by: STATUS") == [("live", total)]
    assert counted(served, 'by: ATTRIBUTE, attribute: "cpuCores", class: "Host"') == [("16", 1), ("4", 1)]
    assert counted(served, 'by: ATTRIBUTE, attribute: "listens", class: "Service", filter: {name: {eq: "shop"}}') == [
        ("tcp://0.0.0.0:443", 1)
    ]
    made = ask(served, MAKE)
    ask(served, LINK, t="LOCATED_IN", a=ids["web1"], b=made["site"]["ci"]["id"])
    ask(served, LINK, t="OWNED_BY", a=ids["web2"], b=made["who"]["ci"]["id"])
    inside = served.store.count(None) - 2
    web1 = 5  # itself, its interface, address and two services
    assert counted(served, "by: SITE") == [("Berlin", web1 + 1), (None, inside - web1 + 1)]
    assert counted(served, "by: OWNER") == [(None, web1 + 2), ("Shop AG", inside - web1)]
    assert counted(served, 'by: SITE, filter: {class: {eq: "Service"}}') == [("Berlin", 2), (None, 1)]


def test_what_an_agents_token_says_counts_where_the_graph_says_nothing(served: Services) -> None:
    """The site and owner an agent was enrolled for are those of what it reports."""
    from nacl.signing import SigningKey

    from cmdb.enrolment import PROOF

    key, enrolment = SigningKey.generate(), served.enrolment
    token = enrolment.create_token("Hamburg", "the shop")
    challenge = enrolment.challenge(token, bytes(key.verify_key))
    node = enrolment.enrol(token, bytes(key.verify_key), challenge, key.sign(PROOF + challenge).signature)
    served.store.apply(report(1, host("web3"), node=node, boot="boot-3"), NOW)
    assert ("Hamburg", 1) in counted(served, "by: SITE") and ("the shop", 1) in counted(served, "by: OWNER")


def test_counts_come_in_pages_and_their_arguments_are_checked(served: Services) -> None:
    """One at a time in the order of one big page; an attribute goes with ATTRIBUTE only."""
    whole, after, rows = counted(served, "by: CLASS"), None, []
    while True:
        text = "query C($after: String) { counts(by: CLASS, first: 1, after: $after) "
        page = ask(served, text + "{ nodes { key count } pageInfo { hasNextPage endCursor } } }", after=after)["counts"]
        rows += [(row["key"], row["count"]) for row in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert rows == whole
    wrong = {"by: ATTRIBUTE": "name an attribute", 'by: CLASS, attribute: "name"': "only then"}
    for arguments, word in {**wrong, 'by: ATTRIBUTE, attribute: "nonsense"': "nonsense"}.items():
        assert word in answer(served, f"{{counts({arguments}){{nodes{{key}}}}}}")["errors"][0]["message"]
    assert {"class", "status", "attribute", "site", "owner"} <= set(DIMENSIONS)


def test_states_are_counted_as_they_are_told_and_an_empty_text_is_a_key(served: Services) -> None:
    """Of a live CI without a state it is `live`; an absent value and an empty one are two keys on two pages."""
    store, by = served.store, By("ann", NOW)
    made = [store.create_ci("Application", f"app {n}", {"environment": e}, by).ci for n, e in enumerate(["", None])]
    store.set_lifecycle(made[0], None, "planned", by)
    asked = 'by: ATTRIBUTE, class: "Application", attribute: '
    assert counted(served, f'{asked}"lifecycle"') == [("live", 1), ("planned", 1)]
    text = f'query C($after: String) {{ counts({asked}"environment", first: 1, after: $after) '
    text += "{ nodes { key } pageInfo { endCursor } } }"
    first = ask(served, text)["counts"]
    second = ask(served, text, after=first["pageInfo"]["endCursor"])["counts"]
    assert [row["key"] for row in (*first["nodes"], *second["nodes"])] == [None, ""]


def test_freshness_says_how_old_what_we_know_is(served: Services) -> None:
    """By class and source, oldest first, with what was never heard of before all; bands are of everything."""
    served.inbox.accept("nd_1", 1, report(1, services(NEO4J)), b"{}")
    text = "query F($old: Float! = 0) { freshness(first: 100, olderThan: $old) {"
    text += " nodes { class source count lastSeen ageSeconds } ages { class within count } } }"
    found = ask(served, text)["freshness"]
    assert found["nodes"][0]["lastSeen"] is None
    last = found["nodes"][-1]
    assert (last["class"], last["source"], last["count"]) == ("Service", "nd_1/services", 2)
    assert {"class": "Service", "within": "an hour", "count": 2} in found["ages"]
    assert {"class": "Service", "within": "unknown", "count": 1} in found["ages"]
    assert sum(one["count"] for one in found["ages"]) == served.store.count(None)
    old = ask(served, text, old=3600.0)["freshness"]
    assert len(old["nodes"]) == len(found["nodes"]) - 1 and all(n["ageSeconds"] is None for n in old["nodes"])


def test_sites_and_owners_are_those_of_the_state_that_is_asked(served: Services) -> None:
    """As of each moment while things move, and proposed, over racks and rooms; the same as now as of the last one."""
    store = served.store
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    made = ask(served, MAKE)
    site, who = made["site"]["ci"]["id"], made["who"]["ci"]["id"]
    before = store.sequence()
    more = """mutation {
      room: createCi(class: "Room", name: "R1", attributes: {code: "R1", siteCode: "BER"}) { ci { id } }
      rack: createCi(class: "Rack", name: "K1", attributes: {code: "K1", roomCode: "BER-R1"}) { ci { id } } }"""
    rooms = ask(served, more)
    room, rack = rooms["room"]["ci"]["id"], rooms["rack"]["ci"]["id"]
    for kind, one, other in (
        ("LOCATED_IN", ids["web1"], rack), ("LOCATED_IN", rack, room), ("LOCATED_IN", room, site),
        ("OWNED_BY", ids["web2"], who),
    ):  # fmt: skip
        ask(served, LINK, t=kind, a=one, b=other)
    last = store.sequence()
    at = {seq: dict(counted(served, f"by: SITE, asOf: {seq}")) for seq in range(before, last + 1)}
    web1, web2 = 5, store.count(None) - 4 - 5
    assert [found.get("Berlin") for found in at.values()] == [1, 1, 1, 1, 1, 1 + 2 + web1, 1 + 2 + web1]
    now = {by: counted(served, f"by: {by}") for by in ("SITE", "OWNER")}
    assert now == {by: counted(served, f"by: {by}, asOf: {last}") for by in now}
    assert now["OWNER"] != counted(served, f"by: OWNER, asOf: {last - 1}")
    moved = f'proposed: {{close: [{{type: "LOCATED_IN", from: "{room}", to: "{site}"}}]}}'
    assert dict(counted(served, f"by: SITE, {moved}")) == {"Berlin": 1, None: store.count(None) - 1}
    steps = 'proposed: {create: [{id: "new:hq", class: "Site", name: "Aachen", attributes: {code: "AAC"}}], '
    steps += f'add: [{{type: "LOCATED_IN", from: "{ids["web2"]}", to: "new:hq"}}]}}'
    assert dict(counted(served, f"by: SITE, {steps}"))["Aachen"] == web2 + 1
    assert dict(counted(served, f"by: SITE, asOf: {before}, {steps}"))["Aachen"] == web2 + 1
    given = f'proposed: {{add: [{{type: "OWNED_BY", from: "{ids["epicentre"]}", to: "{who}"}}]}}'
    assert dict(counted(served, f"by: OWNER, {given}"))["Shop AG"] == web2 + 1
    called = f'proposed: {{set: [{{ci: "{site}", attributes: {{name: "Bonn"}}}}]}}'
    assert dict(counted(served, f"by: SITE, {called}"))["Bonn"] == 1 + 2 + web1


def test_freshness_is_how_old_it_was_at_the_moment(store: Store, tmp_path: Path) -> None:
    """An hour after its last change a source is an hour old then, however old it is now; people are of unknown age."""
    store.apply(report(1, host("web1"), services(NEO4J)), "2026-01-01T00:00:00.000Z")
    store.create_ci("Application", "shop", {}, By("ann", "2026-01-01T01:00:00.000Z"))
    text = "{ freshness(asOf: 2) { nodes { class source count lastSeen ageSeconds } ages { class within count } } }"
    with parts(tmp_path, store) as served:
        found = ask(served, text)["freshness"]
        first = ask(served, text.replace("asOf: 2", "asOf: 1"))["freshness"]
    told = {one["source"]: (one["lastSeen"], one["ageSeconds"]) for one in found["nodes"]}
    assert told == {
        "person/records": (None, None), "nd_1/host": ("2026-01-01T00:00:00.000Z", 3600.0),
        "nd_1/services": ("2026-01-01T00:00:00.000Z", 3600.0),
    }  # fmt: skip
    assert {(one["class"], one["within"]) for one in found["ages"]} >= {("Application", "unknown"), ("Host", "an hour")}
    assert {one["ageSeconds"] for one in first["nodes"]} == {0.0}, "at the moment of the report itself"


def test_tags_are_those_of_the_state_that_is_asked(store: Store, tmp_path: Path) -> None:
    """Carried then, given up since, and proposed."""
    by = By("ann", "2026-01-01T00:00:00.000Z")
    one = store.create_ci("Application", "one", {}, by).ci
    store.tag_cis([one], ["env:prod"], by)
    store.untag_cis([one], ["env:prod"], by)
    text = "query T($at: Moment, $p: ProposedInput) { tags(asOf: $at, proposed: $p) { nodes { tag count } } }"
    with parts(tmp_path, store) as served:
        told = [[t["tag"] for t in ask(served, text, at=at)["tags"]["nodes"]] for at in (1, 2, 3, None)]
        would = ask(served, text, p={"set": [{"ci": one, "tags": ["pci"]}]})["tags"]["nodes"]
    assert told == [[], ["env:prod"], [], []] and would == [{"tag": "pci", "count": 1}]
