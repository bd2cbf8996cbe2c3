"""Questions have threads of their own: while some wait for the graph, everything else goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.front_door import Door, Reply, closed_port, front_door

from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql import limits


class Held(Store):
    """A store that answers one question only when it is let go."""

    def __init__(self) -> None:
        super().__init__(f"bolt://127.0.0.1:{closed_port()}", "neo4j", "none")
        self.entered, self.go = threading.Semaphore(0), threading.Event()

    def sequence(self) -> int:
        """Wait, then answer."""
        self.entered.release()
        assert self.go.wait(20)
        return 7

    def counts(self) -> dict[str, int]:
        """Nothing is there."""
        return {}


@pytest.fixture
def held() -> Iterator[Held]:
    """The store, let go and closed in the end."""
    store = Held()
    yield store
    store.go.set()
    store.close()


@pytest.fixture
def door(tmp_path: Path, held: Held) -> Iterator[Door]:
    """A server over it, with two viewers."""
    with front_door(tmp_path / "home", held) as made:
        for name in ("ann", "ben"):
            made.services.accounts.create_user(name, [Role.VIEWER])
        yield made
        held.go.set()


def ask(door: Door, name: str, query: str = "{ status { sequence } }") -> Reply:
    """A question of somebody."""
    token = door.services.accounts.create_token(name)
    return door.ask("/graphql", {"query": query}, {"Authorization": f"Bearer {token}"})


def test_a_question_that_waits_holds_up_nobody(door: Door, held: Held) -> None:
    """While it waits the server says that it lives, and answers other questions, of the same person too."""
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, door, "ann")
        assert held.entered.acquire(timeout=10)
        assert door.call("GET", "/livez").status == 200
        assert ask(door, "ann", "{ me { name } }").body == {"data": {"me": {"name": "ann"}}}
        assert not waiting.done()
        held.go.set()
        assert waiting.result(10).body == {"data": {"status": {"sequence": 7}}}


def test_a_person_has_so_many_questions_at_once_and_others_are_not_touched(door: Door, held: Held) -> None:
    """The one too many is refused with 429 and when to come again; another person's is answered."""
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(ask, door, "ann") for _ in range(limits.AT_ONCE)]
        assert all(held.entered.acquire(timeout=10) for _ in waiting)
        refused = ask(door, "ann", "{ me { name } }")
        assert (refused.status, refused.code) == (429, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        assert ask(door, "ben", "{ me { name } }").status == 200
        held.go.set()
        assert [one.result(10).status for one in waiting] == [200] * limits.AT_ONCE
    assert ask(door, "ann", "{ me { name } }").status == 200
