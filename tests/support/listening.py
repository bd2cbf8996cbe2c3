"""A client of graphql-transport-ws, made of a WebSocket library and of nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")


class Listening:
    """An open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, kind: str, **rest: Any) -> None:
        """One message."""
        self.socket.send(json.dumps({"type": kind, **rest}))

    def got(self, timeout: float = 20.0) -> dict[str, Any]:
        """The next message."""
        found: dict[str, Any] = json.loads(self.socket.recv(timeout=timeout))
        return found

    def subscribe(self, name: str, query: str, **variables: Any) -> None:
        """Ask for a subscription."""
        self.send("subscribe", id=name, payload={"query": query, "variables": variables})


@contextmanager
def listening(port: int, token: str | None = None, **options: Any) -> Iterator[Listening]:
    """A socket to a server on loopback, greeted when there is a token."""
    options.setdefault("subprotocols", [PROTOCOL])
    with connect(f"ws://127.0.0.1:{port}/graphql", **options) as socket:
        made = Listening(socket)
        if token is not None:
            made.send("connection_init", payload={"token": token})
            assert made.got() == {"type": "connection_ack"}
        yield made
