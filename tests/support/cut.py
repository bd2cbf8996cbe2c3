"""A wire to a Neo4j that can be cut at the worst moment: while a transaction commits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""The message by which a driver commits."""


class Wire:
    """Passes on connections to the Neo4j at `uri`; a driver is given this one's `uri` instead."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._to = parts.hostname or "", parts.port or 7687
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.uri = f"{parts.scheme}://127.0.0.1:{self.listening.getsockname()[1]}"
        self.cut: Literal["", "after commit", "before commit"] = ""
        """Where the next connection that commits is cut: once Neo4j has done it, or before it hears of it."""
        self.saying = b""
        """Only one is cut whose transaction says this."""
        self.dead = False
        """Whether nobody gets through any more."""

    def accept(self) -> None:
        """Take connections until the end."""
        with suppress(OSError):
            while True:
                near, _ = self.listening.accept()
                if self.dead:
                    near.close()
                else:
                    _Pair(self, near, socket.create_connection(self._to))


class _Pair:
    """One connection and its other half; closed together."""

    def __init__(self, wire: Wire, near: socket.socket, far: socket.socket) -> None:
        self._wire, self._near, self._far, self._quiet = wire, near, far, False
        for work in (self._ask, self._answer):
            threading.Thread(target=work, daemon=True).start()

    def _ask(self) -> None:
        with suppress(OSError):
            said = b""
            while data := self._near.recv(65536):
                said += data
                if data.endswith(COMMIT):
                    if self._wire.cut and self._wire.saying in said:
                        how, self._wire.cut = self._wire.cut, ""
                        if how == "before commit":
                            break
                        self._quiet = True
                    said = b""
                self._far.sendall(data)
        if not self._quiet:
            self._close()

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._far.recv(65536):
                if self._quiet:
                    break
                self._near.sendall(data)
        self._close()

    def _close(self) -> None:
        for one in (self._near, self._far):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def wire(uri: str) -> Iterator[Wire]:
    """A wire, until it is not needed any more."""
    made = Wire(uri)
    threading.Thread(target=made.accept, daemon=True).start()
    try:
        yield made
    finally:
        made.listening.close()
