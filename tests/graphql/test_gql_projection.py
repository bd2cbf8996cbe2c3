"""Impact by the projection: the same answer as level by level, in few round trips, and of a proposed state too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from support.questions import answer, ask, estate, parts, projected
from support.reports import NOW, report, sockets

from cmdb.store import By, Store
from cmdb.store.session import Run
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

T = TypeVar("T")
BY = By("ann", NOW, "as tests need it")
IMPACT = """query I($of: [ID!]!, $asOf: Moment, $proposed: ProposedInput) {
  impact(of: $of, asOf: $asOf, proposed: $proposed) { sequence hash verdict truncated of { name }
    items { ci { id name } before degree hops reason path { id from { name } to { name } evidence { kind detail } } }
    atRisk { id } counts { class degree count } edges { id type since from { name } to { name } } } }"""


@pytest.fixture
def plain(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts without a projection."""
    with parts(tmp_path / "home", store) as made:
        yield made


@pytest.fixture
def served(plain: Services) -> Services:
    """The same parts with one that has caught up."""
    return projected(plain)


@pytest.fixture
def ids(plain: Services) -> dict[str, str]:
    """The small estate with a soft dependency and two applications, ids by name."""
    found = estate(plain.store)
    for name in ("crm", "mail"):
        found[name] = plain.store.create_ci("Application", name, {}, BY).ci
    plain.store.link_cis("USES", found["crm"], found["shop"], BY)
    plain.store.link_cis("DEPENDS_ON", found["mail"], found["crm"], BY)
    return found


def edge(kind: str, source: str, target: str) -> dict[str, str]:
    """A proposed dependency."""
    return {"type": kind, "from": source, "to": target}


def fallen(served: Services, of: str, **more: Any) -> dict[str, tuple[str, int]]:
    """Who is hit: degree and hops by name."""
    items = ask(served, IMPACT, of=[of], **more)["impact"]["items"]
    return {i["ci"]["name"]: (i["degree"], i["hops"]) for i in items}


def test_the_answer_is_byte_for_byte_that_of_the_graph(plain: Services, ids: dict[str, str], served: Services) -> None:
    """One and two together, the past and proposed states; what was applied since the last look included."""
    plain.store.apply(report(2, sockets()), NOW)
    last = plain.store.sequence()
    proposed = {"add": [edge("USES", ids["shop"], ids["neo4j"])], "retire": [ids["mail"]]}
    closing = {"close": [edge("DEPENDS_ON", ids["mail"], ids["crm"])]}
    for of in ([ids["neo4j"]], [ids["web1"], ids["crm"]]):
        for more in ({}, {"asOf": last - 1}, {"asOf": 2}, {"proposed": proposed}, {"proposed": closing}):
            by_levels, by_projection = (json.dumps(answer(s, IMPACT, of=of, **more)) for s in (plain, served))
            assert by_projection == by_levels


def test_what_is_cut_is_cut_alike(
    plain: Services, ids: dict[str, str], served: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a whole level, with the same sentence."""
    for most in (1, 3, 5):
        monkeypatch.setattr("cmdb_graphql.fields.impact.MOST", most)
        by_levels, by_projection = (ask(s, IMPACT, of=[ids["neo4j"]])["impact"] for s in (plain, served))
        assert by_projection == by_levels
    assert by_levels["truncated"] is None
    monkeypatch.setattr("cmdb_graphql.fields.impact.MOST", 2)
    assert "more than 2 CIs" in ask(served, IMPACT, of=[ids["neo4j"]])["impact"]["truncated"]


@pytest.mark.one_way
def test_a_long_chain_costs_no_more_round_trips_than_a_short_one(
    plain: Services, ids: dict[str, str], served: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it begins, then the CIs with their edges: two statements however deep it goes."""
    chain = [plain.store.create_ci("Application", f"app {n}", {}, BY).ci for n in range(9)]
    for source, target in zip(chain[1:], chain, strict=False):
        plain.store.link_cis("DEPENDS_ON", source, target, BY)
    assert served.projection is not None
    served.projection.step()
    asked: list[str] = []
    bolt = plain.store._bolt
    read = type(bolt).read

    def counted(work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        def with_count(run: Run) -> T:
            def counting(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
                asked.append(text)
                return run(text, parameters)

            return work(counting)

        return read(bolt, with_count, timeout=timeout)

    monkeypatch.setattr(bolt, "read", counted)
    assert fallen(served, chain[0])["app 8"] == ("DOWN", 8)
    assert len(asked) == 2
    asked.clear()
    assert fallen(plain, chain[0])["app 8"] == ("DOWN", 8)
    assert len(asked) > 9


def test_a_proposed_state_is_answered_and_nothing_of_it_is_written(
    plain: Services, ids: dict[str, str], served: Services
) -> None:
    """Added, closed and retired; with what each new dependency rests on."""
    before = plain.store.lines()
    assert set(fallen(served, ids["neo4j"])) == {"epicentre", "shop", "crm", "mail"}
    assert fallen(served, ids["neo4j"])["crm"] == ("DEGRADED", 3)
    harder = {"add": [edge("DEPENDS_ON", ids["mail"], ids["neo4j"])]}
    found = ask(served, IMPACT, of=[ids["neo4j"]], proposed=harder)["impact"]
    mail = next(i for i in found["items"] if i["ci"]["name"] == "mail")
    assert (mail["degree"], mail["hops"], mail["path"][0]["evidence"]["kind"]) == ("DOWN", 1, "proposed")
    freed = {"close": [edge("USES", ids["crm"], ids["shop"])]}
    assert set(fallen(served, ids["neo4j"], proposed=freed)) == {"epicentre", "shop"}
    assert set(fallen(served, ids["neo4j"], proposed={"retire": [ids["shop"]]})) == {"epicentre"}
    assert plain.store.lines() == before


def test_a_proposed_state_that_does_not_fit_is_refused(ids: dict[str, str], served: Services) -> None:
    """Unknown relations and CIs, ends that do not fit, what is there already or not there, and a retired start."""
    refused = [
        ({"add": [edge("LIKES", ids["crm"], ids["shop"])]}, "no relation 'LIKES'"),
        ({"add": [edge("USES", ids["crm"], "ci_none")]}, "there is no CI 'ci_none'"),
        ({"add": [edge("HOSTED_ON", ids["crm"], ids["shop"])]}, "does not go from a Application to a Service"),
        ({"add": [edge("USES", ids["crm"], ids["shop"])]}, "already"),
        ({"close": [edge("USES", ids["shop"], ids["crm"])]}, "to close"),
        ({"retire": [ids["neo4j"]]}, "is retired in the proposed state"),
        ({"retire": ["ci_none"]}, "there is no CI 'ci_none'"),
    ]  # fmt: skip
    for proposed, sentence in refused:
        errors = answer(served, IMPACT, of=[ids["neo4j"]], proposed=proposed)["errors"]
        assert sentence in errors[0]["message"]
