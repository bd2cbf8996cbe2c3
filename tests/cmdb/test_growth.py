"""What Neo4j knows of its indexes does not stay behind what was written: it is asked to count as the graph grows."""

from __future__ import annotations

import pytest
from support.imported import load, node
from support.waiting import eventually

from cmdb.store import Store
from cmdb.store.growth import STEPS, Growth


def test_it_is_time_to_count_whenever_a_step_is_passed() -> None:
    """Once for each, also when several are passed at once; what was there at the start is known already."""
    growth = Growth()
    assert [growth.more(n) for n in (STEPS[0] - 1, 1, 1, STEPS[2], 0)] == [False, True, False, True, False]
    assert not Growth(STEPS[0]).more(1)
    assert not Growth(STEPS[-1]).more(STEPS[-1])


@pytest.mark.neo4j
def test_indexes_are_counted_soon_after_much_was_written(store: Store) -> None:
    """Long before Neo4j would do so by itself: it no longer takes for empty what has some hundred entries."""
    _recount(store)
    assert _counted(store) == 0
    load(store, *(node("Site", f"site {n}", code=f"s{n}") for n in range(STEPS[0])))
    assert eventually(lambda: _counted(store) == STEPS[0], 5.0)


def _recount(store: Store) -> None:
    with store._bolt._driver.session() as session:
        session.run("CALL db.prepareForReplanning(60)").consume()


def _counted(store: Store) -> int:
    """How long Neo4j takes the index of ids for."""
    with store._bolt._driver.session() as session:
        record = session.run("CALL db.stats.retrieve('GRAPH COUNTS')").single()
    assert record is not None
    (size,) = (one["totalSize"] for one in record["data"]["indexes"] if (one.get("labels"), one["properties"]) == IDS)
    return int(size)


IDS = (["CI"], ["id"])
