"""A connection before its first byte: ten thousand agents that connect at once wait for their turn, and cost little.

What they send waits in the kernel's buffers and theirs, not in this process; and here is little more than the open
socket. Only the first byte that is read makes a connection of HTTP of it, which is five times as large.
"""

from __future__ import annotations

import asyncio
import select
import socket
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from cmdb_graphql import patience
from cmdb_graphql.turnstile import EXPECTED, ROOM, Turnstile

HASTE = 0.25
"""Seconds in which it must send something, or it goes to the end of the line: silence takes nobody's turn."""

MUCH = 1 << 20
"""More bytes than a client can have sent when its connection is accepted."""


class Waiting(asyncio.Protocol):
    """One connection that has sent nothing yet."""

    __slots__ = ("_app_state", "_config", "_early", "_held", "_server", "_timer", "_transport", "_until", "_waits")

    turnstile = Turnstile()
    """Each server has its own: see `waiting`."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
    ) -> None:
        self._config, self._server, self._app_state = config, server_state, app_state
        self._early = b""
        self._held = 0  # bytes that count at the turnstile
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0  # the loop's time by which it must have sent something, from its first turn on
        self._waits = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Its turn will come."""
        self._transport = transport
        self._server.connections.add(self)  # type: ignore[arg-type]  # what is asked of it there is `shutdown`
        self.turnstile.arrive(self)
        if self._waits:
            # uvloop reads once when this returns, whatever was said in it: the kernel is told not to wake it for that.
            self._wake_at(MUCH)
            asyncio.get_running_loop().call_soon(self._still)

    def _still(self) -> None:
        if not self._transport.is_closing():
            if self._waits:
                self._transport.pause_reading()
            self._wake_at(1)

    def _wake_at(self, size: int) -> None:
        """Let the socket count as readable from so many bytes on."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def admit(self) -> None:
        """Read on: something must come soon."""
        if self._transport.is_closing():
            return
        self._waits = False
        loop = asyncio.get_running_loop()
        self._until = self._until or loop.time() + patience.PATIENCE
        self._timer = loop.call_later(HASTE, self._late)
        self._held = EXPECTED
        self.turnstile.take(EXPECTED)
        self._transport.resume_reading()
        if self._early:
            self._begin(self._early)

    def _late(self) -> None:
        """Nothing came: others may be read meanwhile, and it has another turn until our patience ends."""
        loop = asyncio.get_running_loop()
        if not self._silent():  # it is read next
            self._timer = loop.call_later(HASTE, self._late)
            return
        self._end_turn()
        if loop.time() >= self._until:
            self._transport.abort()
        elif self.turnstile.busy:
            self._waits = True
            self._transport.pause_reading()
            self.turnstile.arrive(self)
        else:
            self._timer = loop.call_at(self._until, self._late)

    def _silent(self) -> bool:
        """Whether it sent nothing: on a busy machine the time may be over before we have looked."""
        look = select.poll()
        look.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not look.poll(0)

    def _end_turn(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        held, self._held = self._held, 0
        self.turnstile.leave(held)

    def data_received(self, data: bytes) -> None:
        """The first bytes. A client that sends no more after them may be read before its turn: they wait with it."""
        if self._waits:
            self._early += data
        else:
            self._begin(data)

    def _begin(self, data: bytes) -> None:
        """From here on it is a connection of HTTP."""
        self._end_turn()
        self._server.connections.discard(self)
        real = patience.Patient(self.turnstile, self._config, self._server, self._app_state)
        self._transport.set_protocol(real)
        real.connection_made(self._transport)
        real.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's words
        """Whoever comes after it may be read, if it had its turn."""
        self._server.connections.discard(self)
        self._end_turn()

    def shutdown(self) -> None:
        """The server stops: nothing was asked, so nothing is owed."""
        self._transport.close()


def waiting(room: int = ROOM) -> type[Waiting]:
    """The protocol of one server, with a turnstile of its own."""
    return type("WaitingHere", (Waiting,), {"__slots__": (), "turnstile": Turnstile(room)})
