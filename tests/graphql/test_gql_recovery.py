"""recoveryOrder on the real graph: wave by wave, what stays down stays down, circles are stuck."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.questions import ask, parts
from support.reports import NOW

from cmdb.store import By, Store
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

BY = By("ann", NOW, "as tests need it")
ORDER = """query R($of: [ID!]!, $first: Int! = 100, $after: String, $alsoDown: [ID!], $asOf: Moment,
  $proposed: ProposedInput) {
  recoveryOrder(of: $of, first: $first, after: $after, alsoDown: $alsoDown, asOf: $asOf, proposed: $proposed) {
    count waves stuck truncated nodes { wave ci { name } } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """The parts of a server."""
    with parts(tmp_path / "home", store) as made:
        yield made


@pytest.fixture
def ids(served: Services) -> dict[str, str]:
    """A shop on a pair of databases on one host; a till and a ledger that need each other and the shop."""
    made = {
        name: served.store.create_ci(cls, name, {}, BY).ci
        for cls, name in (
            ("Host", "h1"), ("Database", "db-1"), ("Database", "db-2"), ("Application", "shop"),
            ("Application", "till"), ("Application", "ledger"),
        )
    }  # fmt: skip
    for source, target in (
        ("db-1", "h1"), ("db-2", "h1"), ("shop", "db-1"), ("shop", "db-2"),
        ("till", "shop"), ("till", "ledger"), ("ledger", "till"),
    ):  # fmt: skip
        served.store.link_cis("DEPENDS_ON", made[source], made[target], BY)
    served.store.update_ci(made["shop"], None, {"redundancy": ["DEPENDS_ON: 1 of db-1, db-2"]}, BY)
    return made


def order(served: Services, **given: Any) -> list[tuple[int | None, str]]:
    """Who is started in which wave."""
    nodes = ask(served, ORDER, **given)["recoveryOrder"]["nodes"]
    return [(one["wave"], one["ci"]["name"]) for one in nodes]


def test_what_fell_comes_back_from_below_and_a_circle_is_stuck(served: Services, ids: dict[str, str]) -> None:
    """The host, both databases, the shop; till and ledger wait for each other."""
    whole = [(1, "h1"), (2, "db-1"), (2, "db-2"), (3, "shop"), (None, "ledger"), (None, "till")]
    assert order(served, of=[ids["h1"]]) == whole
    found = ask(served, ORDER, of=[ids["h1"]], first=4)["recoveryOrder"]
    assert (found["count"], found["waves"], found["stuck"], found["truncated"]) == (6, 3, 2, None)
    rest = ask(served, ORDER, of=[ids["h1"]], after=found["pageInfo"]["endCursor"])["recoveryOrder"]
    assert [one["ci"]["name"] for one in rest["nodes"]] == ["ledger", "till"]
    assert not rest["pageInfo"]["hasNextPage"]


def test_one_of_a_pair_is_enough_and_what_stays_down_is_not_waited_for(served: Services, ids: dict[str, str]) -> None:
    """Who is down for another reason takes no part; without both of the pair the shop is stuck."""
    pair = [ids["db-1"], ids["db-2"]]
    assert order(served, of=[ids["db-1"]], alsoDown=[ids["db-2"]])[:2] == [(1, "db-1"), (2, "shop")]
    served.store.update_ci(ids["db-2"], None, {"condition": "down"}, BY)
    assert order(served, of=[ids["db-1"]])[:2] == [(1, "db-1"), (2, "shop")]
    assert order(served, of=pair)[:3] == [(1, "db-1"), (1, "db-2"), (2, "shop")]  # asked for: it is brought back too
    assert order(served, of=[ids["shop"]], alsoDown=pair) == [(None, "shop")]


def test_a_ci_that_is_down_is_asked_for_with_all_that_it_took_down(served: Services, ids: dict[str, str]) -> None:
    """Its own outage is what is recovered from, and no state before; then and proposed as everywhere."""
    sequence = served.store.sequence()
    served.store.update_ci(ids["shop"], None, {"condition": "down"}, BY)
    assert order(served, of=[ids["shop"]]) == [(1, "shop"), (None, "ledger"), (None, "till")]
    steps = {"close": [{"from": ids["ledger"], "type": "DEPENDS_ON", "to": ids["till"]}]}
    assert order(served, of=[ids["shop"]], proposed=steps) == [(1, "shop"), (2, "till")]
    assert order(served, of=[ids["h1"]], asOf=str(sequence))[0] == (1, "h1")
