"""Bounds to our patience: who sends a request byte by byte, or headers without end, is hung up on.

And a bound to what waits: ten thousand agents that connect at once are read as there is room, so that what they send
waits in the kernel's buffers and theirs, not in this process.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE = 10.0
"""Seconds in which at least LEAST bytes of an unfinished request must come."""
LEAST = 1024
MAX_HEAD = 64 * 1024
"""Bytes of request line and headers; the server underneath sets no limit."""


ROOM = 4 * 1024 * 1024
"""Bytes of requests, not answered yet, beyond which new connections wait before they are read."""

EXPECTED = 64 * 1024
"""Bytes that a connection counts for when its turn has come and nothing was read yet; and the most it ever counts."""

WEIGHT = 3
"""What one byte of a request costs while it is worked on: as it came, in one piece, and as what it says."""

HASTE = 0.25
"""Seconds in which it must send something, or it goes to the end of the line: silence takes nobody's turn."""


class Turnstile:
    """The connections of one server: who is read now, and who waits."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._waiting: deque[Patient] = deque()

    def arrive(self, one: Patient) -> None:
        """A connection is read at once if there is room, else when those before it were."""
        self._waiting.append(one)
        one.flow.pause_reading()
        self._admit()

    @property
    def busy(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def take(self, size: int) -> None:
        """Some bytes were read."""
        self._room -= size

    def leave(self, size: int) -> None:
        """Some bytes are needed no longer."""
        self._room += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._room >= EXPECTED:
            one = self._waiting.popleft()
            if not one.transport.is_closing():
                one.admit()


class Patient(HttpToolsProtocol):
    """One connection. An open one that waits between two requests is the server's own matter (keep-alive)."""

    turnstile = Turnstile()
    """Each server has its own: see `patient`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._judgement: asyncio.TimerHandle | None = None
        self._came = 0
        self._held = 0  # bytes that count at the turnstile
        self._hurry: asyncio.TimerHandle | None = None
        self._until: float | None = None  # the loop's time by which it must have sent something
        self._head: int | None = None  # bytes so far, while the headers come

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Its turn will come."""
        super().connection_made(transport)
        self.turnstile.arrive(self)
        if self.flow.read_paused:
            # uvloop reads once when this returns, whatever was said in it: the kernel is told not to wake it for that.
            self._wake_at(1 << 20)
            self.loop.call_soon(self._still)

    def _still(self) -> None:
        if not self.transport.is_closing():
            if self.flow.read_paused:
                self.transport.pause_reading()
            self._wake_at(1)

    def _wake_at(self, size: int) -> None:
        """Let the socket count as readable from so many bytes on."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def admit(self) -> None:
        """Read on: something must come soon."""
        self._hold(EXPECTED)
        self._hurry = self.loop.call_later(HASTE, self._late)
        self._until = self._until or self.loop.time() + PATIENCE
        self._expect()
        self.flow.resume_reading()

    def _late(self) -> None:
        """Nothing came: others may be read meanwhile, and it has another turn until our patience ends."""
        self._settle_turn()
        if self.loop.time() > (self._until or 0.0):
            self.transport.abort()
        elif self.turnstile.busy:
            self.turnstile.arrive(self)

    def _hold(self, size: int) -> None:
        """Count for so many bytes."""
        before, self._held = self._held, size
        self.turnstile.take(size)
        self.turnstile.leave(before)

    def _settle_turn(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None
            self._hold(0)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._have_all()
        self._settle_turn()
        self._hold(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        self._came += len(data)
        self._settle_turn()
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.transport.abort()
        elif self.cycle is not None and not self.cycle.response_complete:
            # Only now: a stranger is answered at once, so headers without end take nobody's turn.
            self._hold(min(EXPECTED, self._held + WEIGHT * len(data)))

    def on_response_complete(self) -> None:
        """What was asked is answered, so its bytes are gone."""
        super().on_response_complete()
        self._hold(0)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head = 0
        self._expect()

    def on_headers_complete(self) -> None:
        """Its headers are here."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is here."""
        self._have_all()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here on the connection is a WebSocket, which has a patience of its own."""
        self._have_all()
        super().handle_websocket_upgrade()

    def _expect(self) -> None:
        self._have_all()
        self._came = 0
        self._judgement = self.loop.call_later(PATIENCE, self._judge)

    def _have_all(self) -> None:
        if self._judgement is not None:
            self._judgement.cancel()
            self._judgement = None

    def _judge(self) -> None:
        # While we ourselves do not read on, the silence is ours.
        if self._came < LEAST and not self.flow.read_paused:
            self.transport.abort()
        else:
            self._expect()


def patient() -> type[Patient]:
    """The protocol of one server, with a turnstile of its own."""
    return type("PatientHere", (Patient,), {"turnstile": Turnstile()})
