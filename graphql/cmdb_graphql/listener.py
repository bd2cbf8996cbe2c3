"""The command line's way to subscriptions: a WebSocket to a server, with an API token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cmdb import errors
from cmdb_graphql.client import error_from

PROTOCOL = "graphql-transport-ws"


def listen(url: str, token: str, document: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """The data of every answer to a subscription, until it ends; the first error is raised as its class."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    address = url.rstrip("/").replace("http", "ws", 1) + "/graphql"
    try:
        with connect(address, subprotocols=[Subprotocol(PROTOCOL)], max_size=2**24) as socket:
            socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
            for raw in socket:
                message = json.loads(raw)
                if message["type"] == "connection_ack":
                    asked = {"query": document, "variables": variables}
                    socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
                elif message["type"] in {"next", "error"}:
                    yield _data(message)
    except ConnectionClosed as error:
        reason = error.rcvd.reason if error.rcvd else "the connection was lost"
        if error.rcvd and error.rcvd.code in {4401, 4403}:
            raise errors.NotAuthenticated(reason) from error
        raise errors.Unavailable(f"the server at {url} ended it: {reason}") from error
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        raise errors.Unavailable(f"no server answers at {url} ({error})") from error


def _data(message: dict[str, Any]) -> dict[str, Any]:
    payload = message["payload"]
    wrong = payload if message["type"] == "error" else payload.get("errors")
    if wrong:
        raise error_from({**wrong[0].get("extensions", {}), "message": wrong[0].get("message")})
    data: dict[str, Any] = payload["data"]
    return data
