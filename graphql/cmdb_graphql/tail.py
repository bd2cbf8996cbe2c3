"""The end of the journal, read once for everybody who listens, as long as somebody does."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import anyio.to_thread

from cmdb.errors import EpicentreError, Overloaded
from cmdb.store import Store
from cmdb_graphql.errors import masked

Entry = dict[str, Any]
PERIOD = 0.5
"""Seconds between two looks at the journal."""
CHUNK = 200
"""Entries read in one look; while there are more, the next look is at once."""
MOST_WAITING = 1_000
"""Entries kept for a listener that does not keep up."""


class Listener:
    """What one listener has not taken yet. It is told when it lost something, never left short."""

    def __init__(self) -> None:
        self._waiting: deque[Entry] = deque()
        self._something = asyncio.Event()
        self._lost = False

    def give(self, entries: list[Entry]) -> None:
        """More for the listener."""
        self._lost = self._lost or len(self._waiting) + len(entries) > MOST_WAITING
        if not self._lost:
            self._waiting.extend(entries)
        self._something.set()

    async def take(self) -> list[Entry]:
        """Everything new, as soon as there is something. Overloaded when entries had to be let go."""
        await self._something.wait()
        self._something.clear()
        if self._lost:
            raise Overloaded("you read more slowly than the journal grows: subscribe again", retry_after=1.0)
        found = list(self._waiting)
        self._waiting.clear()
        return found


class Tail:
    """Belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._seq = 0
        self._lock = asyncio.Lock()

    async def join(self) -> Listener:
        """A listener that is given every entry from now on, until it leaves."""
        async with self._lock:
            if self._task is None or self._task.done():
                self._seq = await anyio.to_thread.run_sync(self._store.sequence)
                self._task = asyncio.create_task(self._read())
            made = Listener()
            self._listeners.add(made)
            return made

    def leave(self, listener: Listener) -> None:
        """Give it nothing more; the last one ends the reading."""
        self._listeners.discard(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _read(self) -> None:
        while True:
            entries = await self._look()
            if entries:
                self._seq = entries[-1]["seq"]
                for listener in self._listeners:
                    listener.give(entries)
            if len(entries) < CHUNK:
                await asyncio.sleep(PERIOD)

    async def _look(self) -> list[Entry]:
        try:
            return await anyio.to_thread.run_sync(self._store.entries_after, self._seq, CHUNK)
        except EpicentreError:
            return []  # Neo4j is away; what came meanwhile is read when it is back
        except Exception as error:  # a reader that ends leaves everybody waiting without a word
            masked(error)
            return []
