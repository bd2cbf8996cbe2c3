"""One request and its answer over an open connection, as HTTP/1.1 (RFC 9112) has them: bounded in time and size.

Small on purpose: the standard library's client brings its parser of e-mails and TLS along, two MiB of every agent.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_LINE, MAX_LINES, MAX_INTERIM = 16 * 2**10, 100, 8


class NoHttp(ValueError):
    """What came back is no answer in HTTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers by their names in small letters, and the start of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(
    connection: socket.socket,
    request: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    until: float,
    patience: float,
    limit: int,
    clock: Callable[[], float] = time.monotonic,
) -> Reply:
    """Send "POST /path" with its body and read the answer, at most `limit` bytes of it; the connection is done then.

    `until` (by `clock`) ends it as a whole, `patience` (seconds) a peer that says nothing. Raises OSError and NoHttp.
    """
    lines = [f"{request} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise NoHttp("a header with a line break is not sent")
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode("ascii")
    wire = _Wire(connection, until, patience, clock)
    wire.send(head + body)
    status, said = _head(wire)
    if "chunked" in said.get("transfer-encoding", "").lower():
        return Reply(status, said, _chunks(wire, limit))
    length = said.get("content-length", "")
    return Reply(status, said, wire.most(min(int(length), limit) if length.isdecimal() else limit))


def _head(wire: _Wire) -> tuple[int, dict[str, str]]:
    for _ in range(MAX_INTERIM):
        version, _, rest = wire.line().partition(" ")
        number = rest[:3]
        if not version.startswith("HTTP/1.") or not (number.isdecimal() and number.isascii() and len(number) == 3):
            raise NoHttp("the answer is no HTTP")
        headers = _headers(wire)
        if not 100 <= int(number) < 200:
            return int(number), headers
    raise NoHttp("one answer that is none after the other")


def _headers(wire: _Wire) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(MAX_LINES):
        line = wire.line()
        if not line:
            return found
        name, _, value = line.partition(":")
        found.setdefault(name.strip().lower(), value.strip())
    raise NoHttp(f"an answer with more than {MAX_LINES} headers")


def _chunks(wire: _Wire, limit: int) -> bytes:
    body = b""
    while len(body) < limit:
        digits = wire.line().partition(";")[0].strip()
        try:
            size = int(digits, 16)
        except ValueError:
            raise NoHttp("a chunk without its size") from None
        if size <= 0:
            break
        body += wire.most(min(size, limit - len(body)))
        if len(body) < limit and wire.line():
            raise NoHttp("a chunk longer than its size")
    return body


class _Wire:
    """What comes in, line by line or in bulk, and never later than agreed."""

    def __init__(self, connection: socket.socket, until: float, patience: float, clock: Callable[[], float]) -> None:
        self._connection, self._until, self._patience, self._clock = connection, until, patience, clock
        self._kept = b""

    def _wait(self) -> None:
        left = self._until - self._clock()
        if left <= 0:
            raise TimeoutError(None, "timed out")
        self._connection.settimeout(min(left, self._patience))

    def send(self, data: bytes) -> None:
        self._wait()
        self._connection.sendall(data)

    def line(self) -> str:
        while b"\n" not in self._kept:
            if len(self._kept) > MAX_LINE:
                raise NoHttp(f"a line of more than {MAX_LINE} bytes")
            if not (part := self._read()):
                raise NoHttp("the answer ends in the middle")
            self._kept += part
        line, _, self._kept = self._kept.partition(b"\n")
        if len(line) > MAX_LINE:
            raise NoHttp(f"a line of more than {MAX_LINE} bytes")
        return line.rstrip(b"\r").decode("latin-1")

    def most(self, size: int) -> bytes:
        """So many bytes, or what there is before the peer hangs up."""
        while len(self._kept) < size and (part := self._read()):
            self._kept += part
        found, self._kept = self._kept[:size], self._kept[size:]
        return found

    def _read(self) -> bytes:
        self._wait()
        return self._connection.recv(16 * 2**10)
