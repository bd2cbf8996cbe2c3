"""A proposed state over GraphQL: every question that takes it answers as after the commands, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, estate, parts, person
from support.reports import NOW

from cmdb.classes import catalogue
from cmdb.cypher import Compare
from cmdb.projection import Feed
from cmdb.store import By, Store
from cmdb.words import Failure, Principal, Role
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

BY = By("ann", NOW, "as tests need it")
STATE = "$asOf: Moment, $proposed: ProposedInput"
GIVEN = "asOf: $asOf, proposed: $proposed"
LISTS = f"""
query Lists({STATE}) {{
  cis({GIVEN}, filter: {{class: {{ne: "Host"}}}}, order: [{{attribute: "class"}}, {{attribute: "name"}}], first: 4) {{
    totalCount pageInfo {{ hasNextPage }} nodes {{ name class status tags parent {{ name }} lifecycle }}
  }}
  applications({GIVEN}, filter: {{criticality: {{eq: "high"}}}}) {{ totalCount nodes {{ name criticality extra }} }}
  near: applications({GIVEN}, first: 5, filter: {{related: [{{type: "DEPENDS_ON", to: {{name: {{eq: "neo4j"}}}}}}]}}) {{
    nodes {{ name dependencies {{ nodes {{ to {{ name dependents {{ nodes {{ from {{ name }} }} }} }} }} }} }}
  }}
  counts({GIVEN}, by: CLASS) {{ nodes {{ key count }} }}
  resolve(name: "sho", first: 5, {GIVEN}, includeRetired: true) {{ nodes {{ name status }} }}
}}
"""
AROUND = f"""
query Around($of: [ID!]!, $one: ID!, $goal: ID!, {STATE}) {{
  ci(id: $one, {GIVEN}) {{
    name children(first: 5) {{ nodes {{ name }} }}
    dependents {{ nodes {{ type from {{ name }} }} }}
  }}
  dependents(of: $of, {GIVEN}) {{ nodes {{ type from {{ name }} to {{ name }} }} }}
  dependencies(of: $of, {GIVEN}) {{ nodes {{ type from {{ name }} to {{ name }} }} }}
  path(from: $one, to: $goal, {GIVEN}) {{ type from {{ name }} to {{ name }} }}
  paths(from: $one, to: $goal, {GIVEN}) {{ nodes {{ hops edges {{ type from {{ name }} to {{ name }} }} }} truncated }}
  impact(of: $of, {GIVEN}) {{
    verdict items {{ ci {{ name class }} degree hops path {{ type from {{ name }} }} }}
    counts {{ class degree count }} truncated
  }}
}}
"""
DIFF = """
query D($proposed: ProposedInput, $from: Moment, $to: Moment, $of: [ID!], $first: Int! = 50, $after: String) {
  diff(from: $from, to: $to, proposed: $proposed, of: $of, first: $first, after: $after) {
    from to pageInfo { hasNextPage endCursor } summary { class what count }
    nodes { ci name class what values { attribute before after } edges { type from to opened } edgeCount }
  }
}
"""
PROPOSED = "$proposed: ProposedInput"
SEARCH = f"query S($text: String!, {PROPOSED}) {{ search(text: $text, proposed: $proposed) {{ nodes {{ name }} }} }}"
IMPACT = f"query I($of: [ID!]!, {PROPOSED}) {{ impact(of: $of, proposed: $proposed) {{ items {{ ci {{ name }} }} }} }}"


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts with a projection that follows."""
    soft = {r.name: r.failure is Failure.SOFT for r in catalogue().relations.values() if r.failure is not Failure.NEVER}
    with parts(tmp_path / "home", store) as made:
        yield replace(made, projection=Feed(store, soft))


@pytest.fixture
def ids(store: Store) -> dict[str, str]:
    """The small estate with two applications on it, ids by name."""
    found = estate(store)
    for name in ("crm", "mail"):
        found[name] = store.create_ci("Application", name, {"criticality": "low"}, BY).ci
    store.link_cis("USES", found["crm"], found["shop"], BY)
    store.link_cis("DEPENDS_ON", found["mail"], found["crm"], BY)
    return found


def everything(served: Services, ids: dict[str, str], **state: Any) -> dict[str, Any]:
    """All that is asked of a state."""
    near = {"of": [ids["neo4j"]], "one": ids["mail"], "goal": ids["neo4j"]}
    return ask(served, LISTS, **state) | ask(served, AROUND, **near, **state)


def settled(value: Any) -> Any:
    """With each list in an order that does not hang on ids: those are random."""
    if isinstance(value, dict):
        return {name: settled(one) for name, one in value.items()}
    return sorted(map(settled, value), key=json.dumps) if isinstance(value, list) else value


def steps(ids: dict[str, str]) -> dict[str, Any]:
    """A CI made, one renamed, an edge added, one re-pointed, and one closed."""
    return {
        "create": [
            {"id": "new:hr", "class": "Application", "name": "hr", "attributes": {"criticality": "high"},
             "tags": ["env:prod"], "extra": {"floor": 3}},
        ],
        "set": [{"ci": ids["mail"], "attributes": {"criticality": "high", "name": "post"}}],
        "add": [{"type": "DEPENDS_ON", "from": "new:hr", "to": ids["neo4j"]}],
        "repoint": [{"type": "DEPENDS_ON", "from": ids["mail"], "to": ids["crm"], "newTo": "new:hr"}],
        "close": [{"type": "USES", "from": ids["crm"], "to": ids["shop"]}],
    }  # fmt: skip


def carry_out(store: Store, ids: dict[str, str]) -> str:
    """The same by commands."""
    made = store.create_ci("Application", "hr", {"criticality": "high"}, BY, tags=["env:prod"], extra={"floor": 3}).ci
    store.update_ci(ids["mail"], None, {"criticality": "high", "name": "post"}, BY)
    store.link_cis("DEPENDS_ON", made, ids["neo4j"], BY)
    store.unlink_cis("DEPENDS_ON", ids["mail"], ids["crm"], BY)
    store.link_cis("DEPENDS_ON", ids["mail"], made, BY)
    store.unlink_cis("USES", ids["crm"], ids["shop"], BY)
    return made


def test_every_question_answers_as_after_the_commands(served: Services, ids: dict[str, str]) -> None:
    """Now and on top of a moment, at any depth; and the graph is as it was."""
    store, given = served.store, steps(ids)
    before, lines = store.sequence(), store.lines()
    found = everything(served, ids, proposed=given)
    words = ask(served, SEARCH, text="pos", proposed=given)
    assert (store.sequence(), store.lines()) == (before, lines)
    carry_out(store, ids)
    wanted = everything(served, ids)
    assert {i["ci"]["name"] for i in wanted["impact"]["items"]} == {"epicentre", "shop", "hr", "post"}
    assert found["cis"] == wanted["cis"]  # an order that was asked for
    assert settled(found) == settled(wanted)
    asked = {"of": [ids["neo4j"]], "one": ids["mail"], "goal": ids["neo4j"], "proposed": given, "asOf": before}
    around = settled(ask(served, AROUND, **asked))
    assert around == {name: value for name, value in settled(wanted).items() if name in around}
    assert words == ask(served, SEARCH, text="pos") == {"search": {"nodes": [{"name": "post"}]}}


def test_diff_says_what_a_proposed_state_would_change(served: Services, ids: dict[str, str]) -> None:
    """Page by page and in sum, as the difference between before and after says it."""
    store, given = served.store, steps(ids)
    before = store.sequence()
    whole = ask(served, DIFF, proposed=given)["diff"]
    assert whole["from"] == whole["to"] == before
    pages, after = [], None
    while True:
        page = ask(served, DIFF, proposed=given, first=1, after=after)["diff"]
        pages += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert pages == whole["nodes"] and len(pages) == 3
    (crm,) = ask(served, DIFF, proposed=given, of=[ids["crm"]])["diff"]["nodes"]
    assert {(e["type"], e["opened"]) for e in crm["edges"]} == {("USES", False), ("DEPENDS_ON", False)}
    made = carry_out(store, ids)
    told = ask(served, DIFF, **{"from": before})["diff"]
    text = str(sorted((one["name"], one) for one in told["nodes"])).replace(made, "new:hr")
    assert str(sorted((one["name"], one) for one in whole["nodes"])) == text
    assert whole["summary"] == told["summary"]
    for wrong, said in (({"from": 1, "proposed": given}, "name that with `to`"), ({}, "name the earlier moment")):
        assert said in answer(served, DIFF, **wrong)["errors"][0]["message"]


def test_retiring_takes_along_what_is_inside(served: Services, ids: dict[str, str]) -> None:
    """In lists, in totals, in impact; and the retired is shown as that."""
    given = {"retire": [ids["web2"]]}
    asked = f"services({GIVEN}) {{ totalCount nodes {{ name }} }} ci(id: $id, {GIVEN}) {{ status }}"
    text = f"query Q($id: ID!, {STATE}) {{ {asked} }}"
    found = ask(served, text, id=ids["shop"], proposed=given)
    assert found["services"]["totalCount"] == 2 and "shop" not in str(found["services"])
    assert found["ci"] == {"status": "retired"}
    hit = ask(served, IMPACT, of=[ids["neo4j"]], proposed=given)["impact"]["items"]
    assert [one["ci"]["name"] for one in hit] == ["epicentre"]


def test_a_proposed_state_is_for_those_who_see_all(served: Services, ids: dict[str, str]) -> None:
    """Viewers ask it; an account that is kept to a view is told so, and impact answers it for what the view shows."""
    found = ask(served, SEARCH, person(Role.VIEWER), text="hr", proposed=steps(ids))
    assert found["search"]["nodes"] == [{"name": "hr"}]
    served.store.define_view("apps", Compare("class", "eq", "Application"), BY)
    reader = Principal("rita", frozenset({Role.READER}), "apps")
    found = answer(served, SEARCH, reader, text="hr", proposed={"retire": [ids["crm"]]})
    assert "kept to a view" in found["errors"][0]["message"]
    freed = {"retire": [ids["mail"]]}
    assert ask(served, IMPACT, reader, of=[ids["crm"]])["impact"]["items"] == [{"ci": {"name": "mail"}}]
    assert ask(served, IMPACT, reader, of=[ids["crm"]], proposed=freed)["impact"]["items"] == []
    hidden = answer(served, IMPACT, reader, of=[ids["crm"]], proposed={"retire": [ids["shop"]]})
    assert "there is no CI" in hidden["errors"][0]["message"]
