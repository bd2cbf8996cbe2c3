"""Being told to stop by a signal, in the thread that waits for it."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue


class Stop:
    """Whether to stop: set by a signal's handler or another thread, waited for by one.

    No `threading.Event`: who waits for one holds its lock for a moment, and a handler that runs in the same thread just
    then waits for that lock for ever. The queue may be put to while it is got from, by the same thread.
    """

    def __init__(self) -> None:
        self._set = False
        self._news: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        """Whether it was told."""
        return self._set

    def set(self) -> None:
        """Tell it."""
        self._set = True
        self._news.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is told, or for so many seconds; whether it was told."""
        if not self._set:
            with suppress(Empty):
                self._news.get(timeout=timeout)
        return self._set
