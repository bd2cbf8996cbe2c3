"""Commands that take turns: those of one key are given one after another, those of different keys at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """A lock for each key that somebody holds or waits for, and for no other.

    One server writes to a graph, so locks of its process are enough.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._locks: dict[str, tuple[Lock, int]] = {}

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Wait until nobody of that key is before us; an empty key is nobody's, so it waits for none."""
        if not key:
            yield
            return
        with self._guard:
            lock, holders = self._locks.get(key, (Lock(), 0))
            self._locks[key] = lock, holders + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, holders = self._locks.pop(key)
                if holders > 1:
                    self._locks[key] = lock, holders - 1

    def __len__(self) -> int:
        """How many keys are held or waited for."""
        return len(self._locks)
