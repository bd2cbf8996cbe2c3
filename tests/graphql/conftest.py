"""Every question of the tests in this folder is answered twice, by its plan and by graphql-core, and must be the same.

Left out: what is marked `one_way` (it counts what is asked of the store), commands, questions to a store that is no
real one, and questions whose answer holds the time, which graphql-core itself answers differently each moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.executors import sent

from cmdb.store import Store
from cmdb_graphql import endpoint

TRIES = 3
"""An answer may change between the two because the clock or another thread went on."""


@pytest.fixture(autouse=True)
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compare after each question that a plan could answer; differences fail the test that asked."""
    if request.node.get_closest_marker("one_way"):
        yield
        return
    different: list[str] = []
    answered = endpoint.Executor._run

    async def run(self: endpoint.Executor, who: Any, known: Any, variables: dict[str, Any]) -> endpoint.Answer:
        found = await answered(self, who, known, variables)
        if known.plan is None or found.failure is not None or type(self._services.store) is not Store:
            return found
        for _ in range(TRIES):
            planned = await known.plan.execute(self._context(who), variables)
            core = sent(await self._by_core(who, known.document, variables))
            if planned is None or sent(planned) == core:
                return found
        if core == sent(await self._by_core(who, known.document, variables)):
            different.append(f"{known.document.loc}: {sent(planned)!r} is not {core!r}")
        return found

    monkeypatch.setattr(endpoint.Executor, "_run", run)
    yield
    assert different == []
