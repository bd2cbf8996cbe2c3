"""The agent's way to the server: one POST at a time, bounded in time and size.

No redirects, no proxies, no cookies: a report goes to the address that was enrolled with, or nowhere.
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmdb.errors import Misconfigured, Unavailable
from cmdb_agents.addresses import is_loopback
from cmdb_agents.exchange import exchange

if TYPE_CHECKING:
    import ssl

CONNECT_SECONDS = 10.0
DEADLINE_SECONDS = 60.0
MAX_ANSWER = 64 * 2**10
TRUST_SECONDS = 3_600
"""How long whom this machine trusts is believed before it is read again: reading it costs half of a report's CPU."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the JSON object of the body (empty when it is none), and Retry-After in seconds."""

    status: int
    body: dict[str, Any]
    retry_after: float | None = None

    @property
    def code(self) -> str:
        """The error's code, as the contract names it."""
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, dict) else ""

    @property
    def message(self) -> str:
        """The error's sentence, else the bare status."""
        error = self.body.get("error")
        said = error.get("message") if isinstance(error, dict) else None
        return "".join(c for c in str(said or f"the server answered {self.status}") if c.isprintable())[:300]


class FrontDoor:
    """The server at a base URL; http:// only to this machine itself, unless plain HTTP was allowed by hand."""

    def __init__(self, url: str, *, allow_plain_http: bool = False, deadline: float = DEADLINE_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise Misconfigured(f"{url!r} is not a server's address such as https://cmdb.example:8480")
        host = parts.hostname
        if parts.scheme == "http" and not (host == "localhost" or is_loopback(host) or allow_plain_http):
            raise Misconfigured(f"{url} would send everything readable; use https:// or add --allow-plain-http")
        self.url = url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._host, self._port = host, parts.port or (443 if self._secure else 80)
        self._base = parts.path.rstrip("/")
        self._deadline = deadline
        self._open: socket.socket | None = None
        self._trust: ssl.SSLContext | None = None
        self._trusted_at = 0.0

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: the port only where it is not the scheme's own."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._port == (443 if self._secure else 80) else f"{host}:{self._port}"

    def path(self, route: str) -> str:
        """The path on the server of a route such as /snapshots."""
        return self._base + route

    def post(self, route: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send and read the answer; raises Unavailable when there is none in time."""
        until = time.monotonic() + self._deadline
        try:
            with self._connected(until) as connection:
                reply = exchange(
                    connection, f"POST {self.path(route)}",
                    # The server closes first, so this side keeps no TIME_WAIT that the next snapshot would see.
                    {"Host": self.authority, "User-Agent": "epicentre-agent", **headers},
                    body, until=until, patience=CONNECT_SECONDS, limit=MAX_ANSWER,
                )  # fmt: skip
        except (OSError, ValueError) as error:
            self._trust = None  # what an administrator mends counts for the next try
            raise Unavailable(f"{self.url} does not answer: {_why(error)}") from error
        finally:
            self._open = None
        return Answer(reply.status, _object(reply.body), _seconds(reply.headers.get("retry-after")))

    def abort(self) -> None:
        """End a request under way (from another thread or a signal handler)."""
        connection = self._open
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def _connected(self, until: float) -> socket.socket:
        patience = max(0.01, min(CONNECT_SECONDS, until - time.monotonic()))
        connection = self._open = socket.create_connection((self._host, self._port), patience)
        if not self._secure:
            return connection
        try:
            # The handshake is under `abort` and the time-out too, so it does not begin by itself.
            secured = self._open = self._trusted().wrap_socket(
                connection, server_hostname=self._host, do_handshake_on_connect=False
            )
            secured.do_handshake()
        except BaseException:
            self._open.close()
            raise
        return secured

    def _trusted(self) -> ssl.SSLContext:
        import ssl

        now = time.monotonic()
        if self._trust is None or now - self._trusted_at > TRUST_SECONDS:
            self._trust, self._trusted_at = ssl.create_default_context(), now
        return self._trust


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str | None) -> float | None:
    # The date form of Retry-After would need the server's clock; the contract names seconds.
    return float(text) if text and text.strip().isdigit() else None


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)[:200] or type(error).__name__
