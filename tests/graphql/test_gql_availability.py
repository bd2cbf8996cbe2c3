"""Questions that look down from a service, on the graph: single points, availability, explanations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, parts
from support.reports import NOW

from cmdb.availability import availability as solve
from cmdb.classes import catalogue
from cmdb.store import By, Store
from cmdb_graphql.fields.availability import figures
from cmdb_graphql.fields.impact import model_from
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

BY = By("ann", NOW, "as tests need it")
SPOFS = """query S($of: ID!, $alsoDown: [ID!], $asOf: Moment) { spofs(of: $of, alsoDown: $alsoDown, asOf: $asOf) {
  sequence down verdict truncated of { name } items { name } } }"""
AVAILABILITY = """query A($of: ID!, $beta: Float! = 0) { availability(of: $of, beta: $beta) {
  lo hi method minutesLo minutesHi assumptions truncated importance { name ci { name } q criticality rrw }
  cutCounts { order count } cutSets { names } } }"""
EXPLAIN = """query E($symptoms: [ID!]!, $healthy: [ID!]) { explain(symptoms: $symptoms, healthy: $healthy) {
  truncated items { cis { name } extraCount extra { name } } } }"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """The parts of a server."""
    with parts(tmp_path / "home", store) as made:
        yield made


def needed(cls: str, name: str) -> dict[str, Any]:
    """What a class asks for."""
    return {a.name: name for a in catalogue().cls(cls).attributes if a.required and a.type == "string"}


@pytest.fixture
def ids(served: Services) -> dict[str, str]:
    """A shop that needs a database and a pool of two web servers behind one switch each; mail needs the database."""
    made = {}
    for cls, name in (
        ("BusinessService", "selling"), ("Application", "shop"), ("Application", "mail"), ("Database", "db"),
        ("Cluster", "pool"), ("Host", "web-1"), ("Host", "web-2"), ("NetworkDevice", "sw"),
    ):  # fmt: skip
        made[name] = served.store.create_ci(cls, name, needed(cls, name), BY).ci
    for source, kind, target in (
        ("selling", "DEPENDS_ON", "shop"), ("shop", "DEPENDS_ON", "db"), ("shop", "DEPENDS_ON", "pool"),
        ("mail", "DEPENDS_ON", "db"), ("pool", "FORMED_BY", "web-1"), ("pool", "FORMED_BY", "web-2"),
    ):  # fmt: skip
        served.store.link_cis(kind, made[source], made[target], BY)
    return made


def names(items: list[dict[str, Any]]) -> list[str]:
    """Names of CIs in an answer."""
    return [one["name"] for one in items]


def test_single_points_now_with_another_down_and_as_of_then(served: Services, ids: dict[str, str]) -> None:
    """What alone brings the service down; with one of the pair down the other too; and before the database came."""
    found = ask(served, SPOFS, of=ids["selling"])["spofs"]
    assert (found["down"], found["truncated"], names(found["items"])) == (False, None, ["db", "pool", "shop"])
    assert found["verdict"] == "Each of 3 CIs alone brings selling down."
    second = ask(served, SPOFS, of=ids["selling"], alsoDown=[ids["web-1"]])["spofs"]
    assert names(second["items"]) == ["db", "pool", "shop", "web-2"]
    then = ask(served, SPOFS, of=ids["selling"], asOf=str(found["sequence"] - 5))["spofs"]
    assert names(then["items"]) == ["shop"]


def test_a_present_outage_counts(served: Services, ids: dict[str, str]) -> None:
    """A CI whose condition is down is down: its partner is then a single point, and its service may be down already."""
    served.store.update_ci(ids["web-2"], None, {"condition": "down"}, BY)
    assert names(ask(served, SPOFS, of=ids["selling"])["spofs"]["items"]) == ["db", "pool", "shop", "web-1"]
    served.store.update_ci(ids["db"], None, {"condition": "down"}, BY)
    found = ask(served, SPOFS, of=ids["selling"])["spofs"]
    assert (found["down"], found["items"], found["verdict"]) == (True, [], "selling is down already.")


def test_availability_is_that_of_the_engine_over_the_slice(served: Services, ids: dict[str, str]) -> None:
    """Bounds, minutes, cut sets and importance by name, as the pure engine has them for the same model."""
    found = ask(served, AVAILABILITY, of=ids["selling"])["availability"]
    part = served.store.needed([ids["selling"]])
    engine = solve(model_from(part), ids["selling"], figures(part.nodes))
    assert (found["lo"], found["hi"], found["method"]) == (engine.lo, engine.hi, "exact")
    assert 0 < found["minutesLo"] == found["minutesHi"] == engine.minutes[0]
    assert found["cutCounts"][1] == {"order": 2, "count": 1}
    assert sorted(found["cutSets"][-1]["names"]) == ["web-1", "web-2"]
    assert {one["name"] for one in found["importance"]} >= {"db", "shop", "web-1", "web-2"}
    more = ask(served, AVAILABILITY, of=ids["selling"], beta=0.2)["availability"]
    assert more["hi"] < found["lo"]
    cause = next(one for one in more["importance"] if one["ci"] is None)
    assert sorted(cause["name"].removeprefix("common cause of ").split(", ")) == ["web-1", "web-2"]


def test_explanations_name_the_cause_and_whom_else_it_hits(served: Services, ids: dict[str, str]) -> None:
    """Shop and mail down: the database explains both; with mail well it is not the database."""
    found = ask(served, EXPLAIN, symptoms=[ids["shop"], ids["mail"]])["explain"]
    first = found["items"][0]
    assert (names(first["cis"]), names(first["extra"]), first["extraCount"]) == (["db"], ["selling"], 1)
    other = ask(served, EXPLAIN, symptoms=[ids["shop"]], healthy=[ids["mail"]])["explain"]
    found = sorted(sorted(names(one["cis"])) for one in other["items"])
    assert found == [["pool"], ["shop"], ["web-1", "web-2"]]
    refused = answer(served, EXPLAIN, symptoms=[ids["shop"]], healthy=[ids["shop"]])["errors"][0]
    assert refused["message"] == f"healthy: {ids['shop']!r} cannot show symptoms and be healthy"
