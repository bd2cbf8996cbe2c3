"""A person's commands over GraphQL: policies, results, claims as they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.questions import NEO4J, answer, ask, estate, parts, person
from support.reports import NOW, host, report, services

from cmdb.errors import Forbidden
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

ENGINEER = person(Role.ENGINEER, name="ann")
UPDATE = """mutation U($id: ID!, $rev: Int, $attributes: JSON, $name: String) {
  updateCi(id: $id, rev: $rev, attributes: $attributes, name: $name, reason: "told by the owner")
  { sequence summary notes ci { name rev ... on Host { osId model } } } }"""
CREATE = """mutation($p: ID) {
  createCi(class: "Service", name: "job", parent: $p, attributes: {kind: "program"}) { ci { id } } }"""
LINK = """mutation($a: ID!, $b: ID!) {
  linkCis(type: "DEPENDS_ON", from: $a, to: $b) { ci { dependencies { nodes { to { name } } } } } }"""
OVERRIDE = """mutation($i: ID!) {
  overrideAttribute(id: $i, attribute: "cpuCores", value: 2, until: "2999-01-01T00:00:00Z")
  { ci { ... on Host { cpuCores } } } }"""
MERGE = 'mutation($w: ID!, $l: ID!) { mergeCis(winner: $w, loser: $l, reason: "one box") { ci { id } } }'
CLAIMS = "query C($id: ID!) { ci(id: $id) { claims { scope kind values { attribute value wins since until } } } }"


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts on a clean store."""
    with parts(tmp_path / "home", store) as made:
        yield made


def test_losing_values_stay_visible(served: Services) -> None:
    """Every source's value is listed, the one in effect is marked, and a note says who is believed."""
    web1 = estate(served.store)["web1"]
    done = ask(served, UPDATE, ENGINEER, id=web1, rev=1, attributes={"cpuCores": 8, "model": "R640"})["updateCi"]
    assert done["notes"] == ["cpu_cores is kept but not in effect: agent nd_1 says otherwise"]
    assert done["summary"].endswith("told by the owner") and (done["ci"]["rev"], done["ci"]["model"]) == (2, "R640")
    claims = ask(served, CLAIMS, id=web1)["ci"]["claims"]
    cores = {(c["kind"], v["value"], v["wins"]) for c in claims for v in c["values"] if v["attribute"] == "cpu_cores"}
    assert cores == {("agent", 4, True), ("person", 8, False)}
    (error,) = answer(served, UPDATE, ENGINEER, id=web1, rev=1, attributes={"model": "x"})["errors"]
    assert error["extensions"]["code"] == "conflict" and "somebody was faster" in error["message"]


@pytest.mark.parametrize(
    "command",
    [
        'overrideAttribute(id: $a, attribute: "model", value: "x", until: "2999-01-01T00:00:00Z", rev: 7)',
        'mergeCis(winner: $a, loser: $b, reason: "one", winnerRev: 7)',
        'mergeCis(winner: $a, loser: $b, reason: "one", winnerRev: 1, loserRev: 7)',
        'setLifecycle(id: $a, state: "in_repair", rev: 7)',
        "retireCi(id: $a, rev: 7)",
    ],
)
def test_what_was_decided_on_an_older_revision_is_refused(served: Services, command: str) -> None:
    """Somebody was faster: nothing is written, and the sentence says which revision there is."""
    ids = estate(served.store)
    before = served.store.sequence()
    document = f"mutation($a: ID!, $b: ID!) {{ {command} {{ sequence ci {{ id name }} }} }}"
    document = document if "$b" in command else document.replace(", $b: ID!", "")
    given = {"a": ids["web1"], **({"b": ids["web2"]} if "$b" in command else {})}
    (error,) = answer(served, document, **given)["errors"]
    assert error["extensions"]["code"] == "conflict" and "is at revision 1, not 7" in error["message"]
    assert served.store.sequence() == before


def test_a_ci_is_created_linked_overridden_merged_split_and_retired(served: Services) -> None:
    """Every mutation answers with its sequence and its CI as it is then; ids are enough to go on."""
    ids = estate(served.store)
    job = ask(served, CREATE, ENGINEER, p=ids["web2"])["createCi"]["ci"]["id"]
    linked = ask(served, LINK, ENGINEER, a=job, b=ids["neo4j"])["linkCis"]["ci"]["dependencies"]["nodes"]
    assert {d["to"]["name"] for d in linked} == {"web2", "neo4j"}
    left = ask(served, LINK.replace("link", "unlink"), ENGINEER, a=job, b=ids["neo4j"])["unlinkCis"]["ci"]
    assert [d["to"]["name"] for d in left["dependencies"]["nodes"]] == ["web2"]
    assert ask(served, OVERRIDE, ENGINEER, i=ids["web1"])["overrideAttribute"]["ci"]["cpuCores"] == 2
    assert ask(served, MERGE, w=ids["web1"], l=ids["web2"])["mergeCis"]["ci"]["id"] == ids["web1"]
    gone = ask(served, "query($i: ID!){ci(id: $i){status mergedInto{id name}}}", i=ids["web2"])["ci"]
    assert (gone["status"], gone["mergedInto"]["id"]) == ("retired", ids["web1"])
    (late,) = answer(served, "mutation($i: ID!){splitCi(id: $i, rev: 1){ci{status}}}", i=ids["web2"])["errors"]
    assert late["extensions"]["code"] == "conflict" and "web" in late["message"]
    split = ask(served, "mutation($i: ID!){splitCi(id: $i){ci{status}}}", i=ids["web2"])
    assert split["splitCi"]["ci"]["status"] == "live"
    retired = ask(served, "mutation($i: ID!){retireCi(id: $i){summary ci{status}}}", ENGINEER, i=job)["retireCi"]
    assert retired == {"summary": "retired job", "ci": {"status": "retired"}}


@pytest.mark.parametrize(
    ("command", "role", "code"),
    [
        ('createCi(class: "Host", name: "x")', Role.VIEWER, "forbidden"),
        ('mergeCis(winner: "a", loser: "b", reason: "r")', Role.ENGINEER, "forbidden"),
        ('splitCi(id: "a")', Role.ENGINEER, "forbidden"),
        ('updateCi(id: "ci_none", attributes: {model: "x"})', Role.ENGINEER, "unknown_name"),
        ('createCi(class: "Toaster", name: "x")', Role.ENGINEER, "unknown_name"),
        ('createCi(class: "Host", name: "x", attributes: {colour: "red"})', Role.ENGINEER, "unknown_name"),
        ('createCi(class: "Host", name: "x", attributes: {cpuCores: "four"})', Role.ENGINEER, "invalid"),
        ('createCi(class: "Host", name: "x", attributes: [1])', Role.ENGINEER, "invalid"),
        ('createCi(class: "Host", name: " ")', Role.ENGINEER, "invalid"),
        ('overrideAttribute(id: "a", attribute: "b", value: 1, until: "soon")', Role.ENGINEER, "invalid"),
    ],
)
def test_who_may_not_or_errs_is_told_and_nothing_changes(served: Services, command: str, role: Role, code: str) -> None:
    """Policies, unknown names and wrong values are refused with their code before anything is written."""
    document = f"mutation {{ {command} {{ sequence }} }}"
    if code == "forbidden":
        with pytest.raises(Forbidden):
            answer(served, document, person(role))
    else:
        (error,) = answer(served, document, person(role))["errors"]
        assert error["extensions"]["code"] == code
    assert served.store.sequence() == 0


WHY = """query W($id: ID!) { ci(id: $id) { identityTrace { outcome reason rule keys source since candidates
  steps { rule result } refused { key value reason } merged { id by reason } } } }"""


def test_a_ci_says_why_it_is_one(served: Services) -> None:
    """Rule, normalised keys, refused keys with reasons, and merges; what lives inside a host is known by its place."""
    first = host("web1", serial="J6RN4N1", vendor="Dell Inc.", smbios_uuid="Default string")
    served.store.apply(report(1, first, services(NEO4J)), NOW)
    ids = {row["name"]: row["id"] for row in served.store.find(None, first=100)}
    (trace,) = ask(served, WHY, id=ids["web1"])["ci"]["identityTrace"]
    assert (trace["outcome"], trace["rule"], trace["source"], trace["since"]) == ("new", None, "nd_1", 1)
    assert trace["keys"] == {"serial": "j6rn4n1", "vendor": "dell"}
    assert trace["refused"] == [{"key": "smbios_uuid", "value": "Default string", "reason": "not a UUID"}]
    assert trace["steps"][1] == {"rule": "serial number and vendor", "result": "0 fit"}
    (inside,) = ask(served, WHY, id=ids["neo4j"])["ci"]["identityTrace"]
    assert (inside["rule"], inside["keys"]) == (
        "parent and local key", {"parent": ids["web1"], "key": "neo4j@17687"},
    )  # fmt: skip
    other = (
        'mutation { createCi(class: "Host", name: "web1-old", attributes: {fqdn: "old.example.org"}) { ci { id } } }'
    )
    old = ask(served, other, ENGINEER)["createCi"]["ci"]["id"]
    (known,) = ask(served, WHY, id=old)["ci"]["identityTrace"]
    assert (known["source"], known["keys"]) == ("person/records", {"fqdn": "old.example.org"})
    ask(served, MERGE, w=ids["web1"], l=old)
    traces = ask(served, WHY, id=ids["web1"])["ci"]["identityTrace"]
    assert traces[0]["merged"] == [{"id": old, "by": "ada", "reason": "one box"}]
