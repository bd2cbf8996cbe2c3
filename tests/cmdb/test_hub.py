"""What surrounds a hub comes in pages that cost what they hold, not what the hub has."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from cmdb.cypher import around
from cmdb.cypher.frames import Frame
from cmdb.store import Store
from cmdb.store.session import Run

pytestmark = pytest.mark.neo4j

INSIDE = 3_000
_HUB = """
MERGE (h:CI:Host {id: 'ci_hub', class: 'Host', name: 'hub', status: 'live', key: 'host', rev: 1, valid_from: 1})
WITH h UNWIND range($from + 1, $to) AS n
CREATE (s:CI:Service {id: 'ci_' + n, parent: 'ci_hub', class: 'Service', name: 's' + (n % 50), key: 'k' + n,
                      status: CASE n % 10 WHEN 0 THEN 'retired' ELSE 'live' END, rev: 1, valid_from: 1})
CREATE (s)-[:RUNS_ON {id: 'ed_' + n, valid_from: 1, valid_to: CASE n % 10 WHEN 0 THEN 2 END, scope: 'a/b',
                      kind: 'agent', detail: 'd', confidence: 1.0}]->(h)
"""


def hub(store: Store, most: int = INSIDE) -> None:
    """A host with thousands of services, a tenth of them gone, and their edges."""
    for begun in range(0, most, INSIDE):
        span = {"from": begun, "to": min(begun + INSIDE, most)}
        store._bolt.write(partial(_some, span))
    store._bolt.write(lambda run: run("MATCH (j:Journal) SET j.seq = 3", {}))


def _some(span: dict[str, int], run: Run) -> None:
    run(_HUB, span)


def hits(store: Store, statement: tuple[str, dict[str, Any]]) -> int:
    """What Neo4j looked at to answer a statement."""

    def sum_of(plan: dict[str, Any]) -> int:
        return int(plan["args"]["DbHits"]) + sum(sum_of(child) for child in plan.get("children", ()))

    with store._bolt._driver.session() as session:
        profile = session.run("PROFILE " + statement[0], statement[1]).consume().profile
    assert profile is not None
    return sum_of(profile)


def test_pages_of_a_hub_are_all_of_it_once_and_in_order(store: Store) -> None:
    """What is inside, and its edges, page by page, also of one class, of then, and of what is gone since."""
    hub(store, 300)
    for at, wanted in ((None, 270), (1, 300), (2, 270)):
        after, seen, pages = None, list[str](), 0
        while True:
            page = store.edges_of(["ci_hub"], "in", 50, after, None, at)["ci_hub"]
            seen, pages = [*seen, *(edge.id for edge in page[:50])], pages + 1
            if len(page) <= 50:
                break
            after = page[49].place
        assert (len(seen), len(set(seen)), pages) == (wanted, wanted, -(-wanted // 50)), at
    behind: Any = None
    rows: list[Any] = []
    while len(page_ := store.children(["ci_hub"], 50, behind, "Service")["ci_hub"]) > 50:
        rows, behind = [*rows, *page_[:50]], [page_[49][name] for name in ("class", "name", "id")]
    rows += page_
    assert [(r["name"], r["id"]) for r in rows] == sorted((r["name"], r["id"]) for r in rows) and len(rows) == 270
    assert store.children(["ci_hub"], 50, None, "Host") == {"ci_hub": []}


@pytest.mark.parametrize("after", [None, ["Service", "s40", "ci_9"]])
def test_a_page_of_what_is_inside_looks_at_little_more_than_itself(store: Store, after: list[str] | None) -> None:
    """Neo4j walks the index in the order of the list: ten of 3,000 cost a few hundred looks, wherever they begin."""
    hub(store)
    assert hits(store, around.children(["ci_hub"], None, 11, after, Frame())) < 1_000


def measured(does: Callable[[], object], times: int = 3) -> float:
    """The best of some runs, in milliseconds."""
    does()
    return min(_once(does) for _ in range(times))


def _once(does: Callable[[], object]) -> float:
    begun = time.perf_counter()
    does()
    return 1000 * (time.perf_counter() - begun)


@pytest.mark.slow
def test_a_page_of_a_hub_is_far_cheaper_than_the_whole(store: Store) -> None:
    """Of 3,000 edges ten come at a small part of the price of all: the rest never leaves the database."""
    hub(store)
    whole = measured(lambda: store.edges(["ci_hub"], "in"))
    page = measured(lambda: store.edges_of(["ci_hub"], "in", 10))
    assert page < whole / 3, f"{page:.1f} ms of {whole:.1f} ms"
