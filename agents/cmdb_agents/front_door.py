"""The agent's way to the server: one POST at a time, bounded in time and size.

No redirects, no proxies, no cookies: a report goes to the address that was enrolled with, or nowhere.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmdb.errors import Misconfigured, Unavailable
from cmdb_agents.addresses import is_loopback
from cmdb_agents.apart import NoChild
from cmdb_agents.exchange import Reply, exchange
from cmdb_agents.tls import LookFurther, Tls, Untrusted, why

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
    """The server at a base URL; http:// only to this machine itself, unless plain HTTP was allowed by hand.

    `apart`: TLS in a child of its own for each request, so that this process stays as small as without it; what the
    child wants to find again it keeps in this folder.
    """

    def __init__(
        self,
        url: str,
        *,
        allow_plain_http: bool = False,
        deadline: float = DEADLINE_SECONDS,
        apart: Path | None = None,
        connect: Callable[[tuple[Any, int], float], socket.socket] = socket.create_connection,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect, self._clock = connect, clock
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise Misconfigured(f"{url!r} is not a server's address such as https://cmdb.example:8480")
        host = parts.hostname
        if parts.scheme == "http" and not (host == "localhost" or is_loopback(host) or allow_plain_http):
            raise Misconfigured(f"{url} would send everything readable; use https:// or add --allow-plain-http")
        self.url = url.rstrip("/")
        self._tls = Tls(host, apart=apart) if parts.scheme == "https" else None
        self._host, self._port = host, parts.port or (80 if self._tls is None else 443)
        self._base = parts.path.rstrip("/")
        self._deadline = deadline
        self._open: socket.socket | None = None

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: the port only where it is not the scheme's own."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._port == (80 if self._tls is None else 443) else f"{host}:{self._port}"

    def path(self, route: str) -> str:
        """The path on the server of a route such as /snapshots."""
        return self._base + route

    def post(self, route: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send and read the answer; raises Unavailable when there is none in time."""
        until = self._clock() + self._deadline
        # The server closes first, so this side keeps no TIME_WAIT that the next snapshot would see.
        sent = {"Host": self.authority, "User-Agent": "epicentre-agent", **headers}

        def talk(connection: socket.socket) -> Reply:
            return exchange(
                connection, f"POST {self.path(route)}", sent, body,
                until=until, patience=CONNECT_SECONDS, limit=MAX_ANSWER, clock=self._clock,
            )  # fmt: skip

        try:
            try:
                reply = self._reply(talk, until)
            except LookFurther:
                reply = self._reply(talk, until)
        except Untrusted as error:
            raise Unavailable(self._untrusted(error)) from error
        except NoChild as error:
            raise Unavailable(f"{self.url} could not be asked from here: {why(error)}") from error
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self.url} does not answer: {why(error)}") from error
        finally:
            self._open = None
        return Answer(reply.status, _object(reply.body), _seconds(reply.headers.get("retry-after")))

    def _untrusted(self, error: Untrusted) -> str:
        """What to do depends on what is wrong: only an authority can be added to those this machine trusts."""
        mend = "; if it is the right one, add its authority's certificate to those this machine trusts"
        return (
            f"{self.url} has a certificate that this machine does not trust, so nothing was sent to it: {why(error)}"
            + (mend if error.unknown else "")
        )

    def abort(self) -> None:
        """End a request under way (from another thread or a signal handler)."""
        connection = self._open
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def _reply(self, talk: Callable[[socket.socket], Reply], until: float) -> Reply:
        patience = max(0.01, min(CONNECT_SECONDS, until - self._clock()))
        # As bytes where it can be: for a string Python loads its tables of all letters there are, for good.
        host: Any = self._host.encode("ascii") if self._host.isascii() else self._host
        with self._connect((host, self._port), patience) as connection:
            self._open = connection
            return talk(connection) if self._tls is None else self._tls.talk(connection, talk, until)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str | None) -> float | None:
    # The date form of Retry-After would need the server's clock; the contract names seconds.
    # isdecimal, not isdigit: "²" is a digit too, and no number.
    return float(text) if text and text.strip().isdecimal() else None
