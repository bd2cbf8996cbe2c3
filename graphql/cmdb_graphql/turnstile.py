"""A bound to what is worked on at once: connections are read as there is room, the others wait in a line."""

from __future__ import annotations

from collections import deque
from typing import Protocol

ROOM = 4 * 1024 * 1024
"""Bytes of requests, not answered yet, beyond which new connections wait before they are read."""

EXPECTED = 64 * 1024
"""Bytes that a connection counts for when its turn has come and nothing was read yet; and the most it ever counts."""

WEIGHT = 3
"""What one byte of a request costs while it is worked on: as it came, in one piece, and as what it says."""


class Waiter(Protocol):
    """Who stands in the line."""

    def admit(self) -> None:
        """Its turn has come; one that has gone meanwhile takes no room."""


class Turnstile:
    """The connections of one server: who is read now, and who waits."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._line: deque[Waiter] = deque()
        self._admitting = False

    def arrive(self, one: Waiter) -> None:
        """It has its turn at once if there is room, else when those before it had theirs."""
        self._line.append(one)
        self._admit()

    @property
    def busy(self) -> bool:
        """Whether anybody waits."""
        return bool(self._line)

    def take(self, size: int) -> None:
        """So many bytes are read, or expected."""
        self._room -= size

    def leave(self, size: int) -> None:
        """So many bytes are needed no longer."""
        self._room += size
        self._admit()

    def _admit(self) -> None:
        if self._admitting:  # who is admitted and needs no room after all lets the next one in, in the loop below
            return
        self._admitting = True
        try:
            while self._line and self._room >= EXPECTED:
                self._line.popleft().admit()
        finally:
            self._admitting = False
