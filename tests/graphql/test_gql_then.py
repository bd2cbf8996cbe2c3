"""Provenance as of a moment: who said what, how it was identified, and on what evidence an edge was believed then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.questions import EPICENTRE, NEO4J, ask, parts
from support.reports import host, network, report, services, sockets, uses

from cmdb.store import By, Store
from cmdb.words import Evidence

pytestmark = pytest.mark.neo4j

CLAIMS = """
query C($id: ID!, $at: Moment, $proposed: ProposedInput) { ci(id: $id, asOf: $at, proposed: $proposed) {
  claims { scope since values { attribute value wins since } }
  identityTrace { source outcome since merged { id reason } }
} }
"""


def said(found: dict[str, Any], attribute: str) -> dict[str, tuple[Any, bool]]:
    """What each scope says of an attribute, and whether it wins."""
    return {
        claim["scope"]: (value["value"], value["wins"])
        for claim in found["ci"]["claims"]
        for value in claim["values"]
        if value["attribute"] == attribute
    }


def test_claims_are_those_of_the_moment(store: Store, tmp_path: Path) -> None:
    """A value that a person overrode, corrected and gave up is told as each source said it then, and which won."""
    by = By("ann", "2026-01-01T00:00:02.000Z", "because")
    store.apply(report(1, host("web1", model="R640"), network("10.0.0.5")), "2026-01-01T00:00:01.000Z")
    (one,) = store.find("Host")
    ci = one["id"]
    store.override_attribute(ci, "model", "R650", "2026-01-02T00:00:00.000Z", by)  # 2
    store.apply(report(2, host("web1", model="R660")), "2026-01-01T00:00:03.000Z")  # 3
    store.expire_overrides(By("epicentre", "2026-01-03T00:00:00.000Z"))  # 4
    expected: dict[int | None, dict[str, tuple[Any, bool]]] = {
        1: {"nd_1/host": ("R640", True)},
        2: {"nd_1/host": ("R640", False), "override/people": ("R650", True)},
        3: {"nd_1/host": ("R660", False), "override/people": ("R650", True)},
        4: {"nd_1/host": ("R660", True)},
    }
    with parts(tmp_path, store) as of:
        for at, wanted in expected.items():
            assert said(ask(of, CLAIMS, id=ci, at=at), "model") == wanted, f"as of {at}"
        assert said(ask(of, CLAIMS, id=ci), "model") == expected[4]
        steps = {"set": [{"ci": ci, "attributes": {"model": "R999"}}]}
        assert said(ask(of, CLAIMS, id=ci, at=2, proposed=steps), "model") == expected[2], "nobody claims a proposal"


def test_identity_is_told_as_it_was_decided_by_then(store: Store, tmp_path: Path) -> None:
    """A merge shows from its sequence until its split, and a CI that was merged away has its own decision before."""
    by = By("ann", "2026-01-01T00:00:02.000Z", "because")
    one = store.create_ci("Application", "one", {}, by).ci  # 1
    two = store.create_ci("Application", "two", {}, by).ci  # 2
    store.merge_cis(one, two, by)  # 3
    store.split_ci(two, by)  # 4
    with parts(tmp_path, store) as of:
        merged = {
            at: [m["id"] for m in ask(of, CLAIMS, id=one, at=at)["ci"]["identityTrace"][0]["merged"]]
            for at in (2, 3, 4, None)
        }
        scopes = {at: [c["scope"] for c in ask(of, CLAIMS, id=two, at=at)["ci"]["claims"]] for at in (2, 3, 4)}
        sources = ask(of, CLAIMS, id=two, at=2)["ci"]["identityTrace"]
    assert merged == {2: [], 3: [two], 4: [], None: []}
    assert scopes == {2: ["person/records"], 3: [], 4: ["person/records"]}
    assert [(one["source"], one["outcome"], one["since"]) for one in sources] == [("person/records", "new", 2)]


EVIDENCE = """
query E($of: [ID!]!, $from: ID!, $to: ID!, $at: Moment) {
  dependencies(of: $of, asOf: $at) { nodes { type evidence { detail confidence } } }
  path(from: $from, to: $to, asOf: $at) { evidence { detail } }
  paths(from: $from, to: $to, asOf: $at) { nodes { edges { evidence { detail } } } }
  impact(of: [$to], asOf: $at) { items { ci { name } path { evidence { detail } } } }
}
"""


def test_evidence_is_that_of_the_moment(store: Store, tmp_path: Path) -> None:
    """An edge that was reworded twice shows, wherever it is told, the evidence it was believed on at the moment."""
    store.apply(report(1, host("web1"), network("10.0.0.5"), services(NEO4J, EPICENTRE)), "2026-01-01T00:00:01.000Z")
    for n, confidence in ((2, 0.9), (3, 0.5), (4, 0.7)):
        seen = uses(EPICENTRE, "127.0.0.1:17687", Evidence("socket", f"seen {n}", confidence))
        store.apply(report(n, sockets(seen)), f"2026-01-01T00:00:0{n}.000Z")
    ids = {row["name"]: row["id"] for row in store.find(None, first=100)}
    names = {"of": [ids["epicentre"]], "from": ids["epicentre"], "to": ids["neo4j"]}
    with parts(tmp_path, store) as of:
        for at, detail, confidence in (
            (2, "seen 2", 0.9),
            (3, "seen 3", 0.5),
            (4, "seen 4", 0.7),
            (None, "seen 4", 0.7),
        ):
            found = ask(of, EVIDENCE, at=at, **names)
            told = [e["evidence"] for e in found["dependencies"]["nodes"] if e["type"] == "DEPENDS_ON"]
            assert told == [{"detail": detail, "confidence": confidence}], f"as of {at}"
            assert [e["evidence"]["detail"] for e in found["path"]] == [detail]
            assert [e["evidence"]["detail"] for way in found["paths"]["nodes"] for e in way["edges"]] == [detail]
            (hit,) = [i for i in found["impact"]["items"] if i["ci"]["name"] == "epicentre"]
            assert [e["evidence"]["detail"] for e in hit["path"]] == [detail]


SEARCH = """
query S($text: String!, $at: Moment, $first: Int! = 20, $after: String, $p: ProposedInput) {
  search(text: $text, asOf: $at, first: $first, after: $after, proposed: $p) {
    nodes { name asOf } pageInfo { hasNextPage endCursor }
  }
}
"""


def test_search_finds_what_was_called_so_then(store: Store, tmp_path: Path) -> None:
    """By starts and ends of the words of then, also what is called otherwise or is gone now; page by page; proposed."""
    by = By("ann", "2026-01-01T00:00:00.000Z")
    one = store.create_ci("Application", "shop front", {}, by).ci  # 1
    two = store.create_ci("Application", "Shop back", {}, by).ci  # 2
    store.update_ci(one, None, {"name": "store front"}, by)  # 3
    store.update_ci(one, None, {"name": "market front"}, by)  # 4
    store.retire_ci(two, None, by)  # 5
    for n in range(3):
        store.create_ci("Application", f"stall {n}", {}, by)  # 6 to 8

    def names(text: str, at: int | None = None, **more: Any) -> list[tuple[str, int | None]]:
        found = ask(of, SEARCH, text=text, at=at, **more)["search"]
        return [(node["name"], node["asOf"]) for node in found["nodes"]]

    with parts(tmp_path, store) as of:
        assert names("SHOP", 1) == [("shop front", 1)] and names("shop", 0) == []
        assert names("shop", 2) == [("Shop back", 2), ("shop front", 2)]
        assert names("sto fro", 2) == names("sto fro", 4) == names("store") == []
        assert names("sto fro", 3) == [("store front", 3)] and names("*ront", 1) == [("shop front", 1)]
        assert names("back", 4) == [("Shop back", 4)] and names("back", 5) == names("back") == []
        assert names("market", 3) == [] and names("market", 4) == [("market front", 4)]
        first = ask(of, SEARCH, text="sta", at=8, first=2)["search"]
        rest = ask(of, SEARCH, text="sta", at=8, first=2, after=first["pageInfo"]["endCursor"])["search"]
        assert [n["name"] for n in (*first["nodes"], *rest["nodes"])] == ["stall 0", "stall 1", "stall 2"]
        assert first["pageInfo"]["hasNextPage"] and not rest["pageInfo"]["hasNextPage"]
        steps = {"set": [{"ci": two, "attributes": {"name": "shop 2"}}]}
        assert names("shop", 2, p=steps) == [("shop 2", 2), ("shop front", 2)]


def test_the_history_of_an_edge_ends_at_the_moment(store: Store, tmp_path: Path) -> None:
    """Steps after it are not told, and whether it was open is that of then."""
    by = By("ann", "2026-01-01T00:00:00.000Z")
    one, two = (store.create_ci("Application", name, {}, by).ci for name in ("one", "two"))
    store.link_cis("DEPENDS_ON", one, two, by)
    store.unlink_cis("DEPENDS_ON", one, two, by)
    ((edge, _),) = [(row.id, row.type) for row in store.edges([one], "out", None, 3)]
    text = "query E($id: ID!, $at: Moment) { edgeHistory(id: $id, asOf: $at) { open nodes { what } } }"
    with parts(tmp_path, store) as of:
        then, now = (ask(of, text, id=edge, at=at)["edgeHistory"] for at in (3, None))
    assert (then["open"], [n["what"] for n in then["nodes"]]) == (True, ["opened"])
    assert (now["open"], [n["what"] for n in now["nodes"]]) == (False, ["closed", "opened"])
