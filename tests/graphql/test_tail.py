"""The journal's reader: one for all who listen, who are told when they lost something."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from cmdb.errors import Overloaded, StoreUnavailable
from cmdb.store import Store
from cmdb_graphql import tail
from cmdb_graphql.tail import Listener, Tail


def test_a_listener_that_lost_something_is_told_and_never_left_short() -> None:
    """What fits is given whole, in order; one too many and it hears so."""

    async def listens() -> None:
        there = Listener()
        there.give([{"seq": 1}])
        there.give([{"seq": 2}])
        assert await there.take() == [{"seq": 1}, {"seq": 2}]
        there.give([{"seq": n} for n in range(tail.MOST_WAITING + 1)])
        with pytest.raises(Overloaded, match="subscribe again"):
            await there.take()

    asyncio.run(listens())


class Journal:
    """A store of which only the journal is asked, and which is away at first."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.away = True

    def sequence(self) -> int:
        """The last one."""
        return 4

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """One more each time."""
        self.asked.append(seq)
        if self.away:
            self.away = False
            raise StoreUnavailable("away")
        return [{"seq": seq + 1}] if seq < 6 else []


def test_all_listen_to_one_reader_that_outlives_a_store_that_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry is read once, from where the first began; when the last has left nobody reads."""
    monkeypatch.setattr(tail, "PERIOD", 0.01)

    async def listen() -> None:
        journal = Journal()
        read = Tail(cast(Store, journal))
        one, other = await read.join(), await read.join()
        for there in (one, other):
            got: list[dict[str, Any]] = []
            while len(got) < 2:
                got += await there.take()
            assert [entry["seq"] for entry in got] == [5, 6]
        assert journal.asked[:3] == [4, 4, 5]
        read.leave(one)
        read.leave(other)
        await asyncio.sleep(0)
        before = len(journal.asked)
        await asyncio.sleep(0.1)
        assert len(journal.asked) <= before + 1

    asyncio.run(asyncio.wait_for(listen(), 20))
