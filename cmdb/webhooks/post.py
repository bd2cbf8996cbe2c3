"""One signed POST to a judged address: TLS to the name, the connection to the address, one deadline for all of it."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from cmdb.webhooks.guard import Target

CONNECT, WHOLE = 5.0, 15.0
"""Seconds to connect, and for everything."""
SHOWN = 200
"""Bytes of an answer kept for the delivery log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` None: nothing did, and `text` says why."""

    status: int | None
    text: str

    @property
    def ok(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


class _Pinned(http.client.HTTPConnection):
    """A connection that goes to the judged address and speaks to the name."""

    def __init__(self, target: Target, tls: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT)
        self._target, self._tls = target, tls

    def connect(self) -> None:
        raw = socket.create_connection((self._target.address, self._target.port), timeout=CONNECT)
        self.sock = raw
        if self._target.tls:
            # The handshake waits until `sock` is what hanging up must end: wrapping takes the socket away from `raw`.
            self.sock = self._tls.wrap_socket(raw, server_hostname=self._target.host, do_handshake_on_connect=False)
            self.sock.do_handshake()


def post(target: Target, headers: Mapping[str, str], content: bytes, tls: ssl.SSLContext) -> Answer:
    """Send it. Never raises for what the other side does; a redirect is an answer like any other that is not 2xx."""
    connection = _Pinned(target, tls)
    # A socket's own time-out starts anew with each byte, so a receiver that drips would hold us for ever.
    late = threading.Timer(WHOLE, _hang_up, [connection])
    late.start()
    try:
        connection.request("POST", target.path, content, dict(headers))
        answer = connection.getresponse()
        said = answer.read(SHOWN).decode("utf-8", "replace")
        return Answer(answer.status, "".join(c if c.isprintable() else " " for c in said).strip())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(None, f"{type(error).__name__}: {error}"[:SHOWN])
    finally:
        late.cancel()
        connection.close()


def _hang_up(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
