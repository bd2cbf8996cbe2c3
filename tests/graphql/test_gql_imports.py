"""Bulk writes and rehearsals over GraphQL: limits, rights, and that a rehearsal leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.imported import edge, node
from support.questions import EPICENTRE, NEO4J, SHOP, answer, ask, estate, parts, person
from support.reports import host, network, report, services, sockets, uses, wire

from cmdb.errors import Forbidden, TooLarge
from cmdb.store import Store
from cmdb.words import Role, Section
from cmdb_graphql import limits
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

BULK = """mutation B($rows: String!, $dry: Boolean) {
  bulkUpsert(rows: $rows, source: "assets", dryRun: $dry, reason: "the list") {
    sequence dryRun left counts { outcome count } outcomes { row kind label outcome id reason changes rule } } }"""
REHEARSE = (Path(__file__).parents[2] / "graphql" / "operations" / "reconcile_dry_run.graphql").read_text()


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a clean store."""
    with parts(tmp_path / "home", store) as made:
        yield made


def lines(*rows: Any) -> str:
    """Rows as the argument has them."""
    return "\n".join(map(json.dumps, rows))


def test_many_rows_go_in_one_question(served: Services) -> None:
    """A thousand rows and their edges, each with its outcome; an engineer may, a viewer may not."""
    apps = [node("Application", f"app {n}", ref=f"a{n}", code=f"APP{n:04}") for n in range(600)]
    rows = lines(*apps, *(edge("DEPENDS_ON", f"a{n}", f"a{n // 2}") for n in range(1, 400)), {"class": "X"})
    rehearsed = ask(served, BULK, person(Role.ENGINEER), rows=rows, dry=True)["bulkUpsert"]
    assert served.store.sequence() == 0 and rehearsed["outcomes"][0]["id"] is None
    done = ask(served, BULK, person(Role.ENGINEER), rows=rows, dry=False)["bulkUpsert"]
    assert done["counts"] == [{"outcome": "created", "count": 999}, {"outcome": "invalid", "count": 1}]
    assert done["counts"] == rehearsed["counts"] and done["left"] == []
    first, last = done["outcomes"][0], done["outcomes"][-1]
    assert (first["label"], first["changes"]["code"]) == ("Application app 0", [None, "APP0000"])
    assert last["row"] == 1000 and "no class 'X'" in last["reason"]
    with pytest.raises(Forbidden):
        answer(served, BULK, person(Role.VIEWER), rows=rows)


def test_a_call_has_its_limits(served: Services) -> None:
    """Too many rows, and rows that a minute does not allow, are refused as a whole; bad JSON is its row's."""
    (error,) = answer(served, BULK, rows="\n" * 10_001)["errors"]
    assert error["extensions"]["code"] == "too_large" and "10,000 rows" in error["message"]
    with pytest.raises(TooLarge, match="cost"):
        answer(served, BULK, rows="\n" * 100_000)
    (one,) = ask(served, BULK, rows="{")["bulkUpsert"]["outcomes"]
    assert (one["outcome"], one["kind"]) == ("invalid", "row") and "not JSON" in one["reason"]


def rehearse(served: Services, *sections: Section, node: str | None = "nd_1") -> dict[str, dict[str, Any]]:
    """The outcomes of a rehearsed report, by label; whatever it says, the graph is as before."""
    before = (served.store.lines(), served.store.sequence(), served.store.journal(first=100))
    said = wire(report(9, *sections))["sections"]
    found = ask(served, REHEARSE, payload=json.dumps(said), node=node)["reconcileDryRun"]
    assert (served.store.lines(), served.store.sequence(), served.store.journal(first=100)) == before
    assert found["dryRun"] is True
    return {one["label"]: one for one in found["outcomes"]}


def test_a_report_is_rehearsed_row_by_row(served: Services) -> None:
    """Created, changed, unchanged and stale CIs and edges, each with its reason; digest and sequence as before."""
    estate(served.store)
    sight = sockets(uses(EPICENTRE, "10.9.9.9:5432"))
    found = rehearse(served, host("web1", cpu_cores=8), network("10.0.0.5"), services(EPICENTRE, SHOP), sight)
    words = {label: one["outcome"] for label, one in found.items()}
    assert words["Service shop@443"] == "created" and words["Service neo4j"] == "stale"
    assert words["NetworkInterface eth0"] == words["Service epicentre@8480"] == "unchanged"
    assert words["Endpoint tcp://10.9.9.9:5432"] == "created"
    assert found["Host web1"]["changes"] == {"cpu_cores": [4, 8], "memory_bytes": [2**34, None]}
    assert words["Service epicentre DEPENDS_ON Service neo4j"] == "stale"
    assert words["Service epicentre DEPENDS_ON Endpoint tcp://10.9.9.9:5432"] == "created"
    assert words["Service epicentre RUNS_ON Host web1"] == "unchanged"
    assert found["Service neo4j"]["reason"].startswith("nobody reports it any more")


def test_a_rehearsed_conflict_names_rule_candidates_and_refused_keys(served: Services) -> None:
    """Another agent on a known machine is held; what firmware left empty is said to be no key."""
    ids = estate(served.store)
    served.store.apply(report(2, host("web1", serial="AAAA1111", vendor="Dell")), "2026-11-01T12:00:00.000Z")
    again = host("web1", serial="AAAA1111", vendor="Dell", smbios_uuid="Not Settable")
    found = rehearse(served, again, services(NEO4J), node=None)
    assert {one["outcome"] for one in found.values()} == {"conflict"}
    one = found["Host web1"]
    assert one["candidates"] == [ids["web1"]] and "agent nd_1 speaks for it" in one["reason"]
    assert one["refused"] == ["smbios_uuid 'Not Settable': not a UUID"]
    (error,) = answer(served, REHEARSE, payload="[]")["errors"]
    assert error["message"].startswith("payload: expected a report")


def test_only_a_report_alone_may_be_a_long_text(served: Services) -> None:
    """A rehearsal takes more than other questions do; beside one that would compare the text, it does not."""
    long = json.dumps({"x": "x" * limits.TEXT})
    (error,) = answer(served, REHEARSE, payload=long)["errors"]
    assert error["path"] == ["reconcileDryRun"] and "sections.x" in error["message"]
    beside = "query Q($t: String!) { reconcileDryRun(payload: $t) { sequence } search(text: $t) { nodes { id } } }"
    with pytest.raises(TooLarge, match="length of a text"):
        answer(served, beside, t=long)
