"""The simulated Neo4j is held against the real one: every statement of simulated lives is asked of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

import pytest
from simulation.graph import Memory
from simulation.run import live, silence

from cmdb.store import Store, digest
from cmdb.store.reports import apply_reports
from cmdb.store.session import Bolt, Run

pytestmark = pytest.mark.neo4j
T = TypeVar("T")
SEEDS = range(40, 45)


class Pair:
    """A connection to both; what they answer must be the same, but for the order of what has none."""

    def __init__(self, real: Bolt) -> None:
        self.real, self.simulated, self.asked = real, Memory(), 0

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:
        """One transaction in both."""
        draft = self.simulated.state.copy()

        def inside(run: Run) -> T:
            simulated = self.simulated._on(draft)

            def both(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
                one, two = run(text, parameters), simulated(text, parameters)
                assert _plain(one) == _plain(two), text
                self.asked += 1
                return one

            return work(both)

        made = self.real.write(inside)
        self.simulated.state = draft
        return made


def _plain(value: Any) -> Any:
    """Without order, and without what is null: the graph has neither."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return sorted((_plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


@pytest.mark.parametrize("seed", SEEDS)
def test_both_graphs_answer_every_statement_alike(store: Store, seed: int) -> None:
    """Row by row, through lives with held, late, repeated and incomplete reports; and end in the same digest."""
    with silence():
        world = live(seed)
    pair, ids = Pair(store._bolt), count(1)
    for snapshots, now in world.server.store.carried_out:
        apply_reports(pair, snapshots, now, (), lambda kind: f"{kind}_{next(ids):06d}")  # type: ignore[arg-type]
    assert pair.asked > 4
    assert store.lines() == digest.lines(pair.simulated)  # type: ignore[arg-type]
