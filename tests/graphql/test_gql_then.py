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
