"""Bounds to our patience: who sends a request byte by byte, or headers without end, is hung up on."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from cmdb_graphql.turnstile import EXPECTED, WEIGHT, Turnstile

PATIENCE = 10.0
"""Seconds in which at least LEAST bytes of an unfinished request must come."""
LEAST = 1024
MAX_HEAD = 64 * 1024
"""Bytes of request line and headers; the server underneath sets no limit."""


class Patient(HttpToolsProtocol):
    """One connection. An open one that waits between two requests is the server's own matter (keep-alive)."""

    def __init__(
        self, turnstile: Turnstile, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._turnstile = turnstile
        self._judgement: asyncio.TimerHandle | None = None
        self._came = 0
        self._held = 0  # bytes that count at the turnstile
        self._head: int | None = None  # bytes so far, while the headers come

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Its first bytes are here, and the rest must come."""
        super().connection_made(transport)
        self._expect()

    def _hold(self, size: int) -> None:
        """Count for so many bytes."""
        before, self._held = self._held, size
        self._turnstile.take(size)
        self._turnstile.leave(before)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._have_all()
        self._hold(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        self._came += len(data)
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
