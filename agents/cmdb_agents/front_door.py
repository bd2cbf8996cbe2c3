"""The agent's way to the server: one POST at a time over http.client, bounded in time and size.

No redirects, no proxies, no cookies: a report goes to the address that was enrolled with, or nowhere.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from cmdb.errors import Misconfigured, Unavailable
from cmdb_agents.addresses import is_loopback

CONNECT_SECONDS = 10.0
DEADLINE_SECONDS = 60.0
MAX_ANSWER = 64 * 2**10


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
        self._open: HTTPConnection | None = None

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
        connection = self._connection()
        self._open = connection
        # A time-out per read does not end a peer that sends one byte at a time; the watchdog does.
        watchdog = threading.Timer(self._deadline, self.abort)
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.request(
                "POST", self.path(route), body,
                # The server closes first, so this side keeps no TIME_WAIT that the next snapshot would see.
                {"Host": self.authority, "Connection": "close", "User-Agent": "epicentre-agent", **headers},
            )  # fmt: skip
            response = connection.getresponse()
            raw = response.read(MAX_ANSWER)
            return Answer(response.status, _object(raw), _seconds(response.getheader("Retry-After")))
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(f"{self.url} does not answer: {_why(error)}") from error
        finally:
            watchdog.cancel()
            self._open = None
            connection.close()

    def abort(self) -> None:
        """End a request under way (from another thread or a signal handler)."""
        connection = self._open
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def _connection(self) -> HTTPConnection:
        if not self._secure:
            return HTTPConnection(self._host, self._port, timeout=CONNECT_SECONDS)
        import ssl

        context = ssl.create_default_context()
        return HTTPSConnection(self._host, self._port, timeout=CONNECT_SECONDS, context=context)


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
