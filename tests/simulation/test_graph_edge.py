"""The simulated Neo4j is held against the real one: every statement of simulated lives is asked of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from simulation.graph import Memory, State
from simulation.run import live, silence
from simulation.world import Graph

from cmdb.moments import after
from cmdb.store import By, Store, commands, digest
from cmdb.store.session import Bolt, Run

pytestmark = pytest.mark.neo4j
T = TypeVar("T")
SEEDS = range(40, 44)


class Pair(Memory):
    """A connection to both; what they answer must be the same, but for the order of what has none."""

    def __init__(self, real: Bolt) -> None:
        super().__init__()
        self.real, self.asked = real, 0

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        """One look at both."""
        return self.real.read(lambda run: work(self._both(run, self.state)))

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:
        """One transaction in both."""
        draft = self.state.copy()
        made = self.real.write(lambda run: work(self._both(run, draft)))
        self.state = draft
        return made

    def _both(self, real: Run, state: State) -> Run:
        simulated = self._on(state)

        def run(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            one, two = real(text, parameters), simulated(text, parameters)
            assert _plain(one) == _plain(two), text
            self.asked += 1
            return one

        return run


def _plain(value: Any) -> Any:
    """Without order, and without what is null: the graph has neither."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return sorted((_plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


@pytest.mark.parametrize("seed", SEEDS)
def test_both_graphs_answer_every_statement_alike(store: Store, seed: int) -> None:
    """Row by row, through lives with held, late, repeated and incomplete reports, till leases end; and in digests."""
    with silence():
        world = live(seed)
    pair, ids = Pair(store._bolt), count(1)

    def new_id(kind: str) -> str:
        return f"{kind}_{next(ids):06d}"

    both = Graph(pair, new_id)
    for snapshots, now in world.server.store.carried_out:
        both.apply_all(snapshots, now)
    assert store.lines() == digest.lines(pair)  # type: ignore[arg-type]
    with patch.object(commands, "new_id", new_id):
        for hours in (30.0, 32 * 24.0):
            swept = both.sweep_leases({}, By("epicentre", after(now, hours)))
    assert swept.retired
    assert store.lines() == []
    assert pair.asked > 10
