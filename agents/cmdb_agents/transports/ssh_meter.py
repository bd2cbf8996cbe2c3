"""A socket that counts and can be cut: what bounds a hostile or broken server, whatever the library above would take.

Counted are bytes as they come from the network, so nothing a server does (banner, key exchange, huge packets, a window
it does not keep to) gets past. The clock is one for the whole look.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Protocol

from paramiko.packet import Packetizer
from paramiko.ssh_exception import SSHException

BEFORE_LOGIN = 256 * 2**10
"""Bytes a server may send before it has proved who it is: banner and key exchange need some 5 KiB."""

MAX_PACKET = 256 * 2**10
READ_AT_ONCE = 64 * 2**10
LOOK_UP_SECONDS = 1.0


class Stream(Protocol):
    """A socket, or a channel through a jump host."""

    def recv(self, size: int) -> bytes: ...
    def send(self, data: bytes) -> int: ...
    def close(self) -> None: ...
    def settimeout(self, seconds: float | None) -> None: ...


class Meter:
    """What one look may cost. `cut` ends everything that is under way."""

    def __init__(self, seconds: float, most: int) -> None:
        self.received, self.why = 0, ""
        self._most, self._allowed = most, BEFORE_LOGIN
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._open: list[Any] = []
        self._lock = threading.Lock()
        self._watchdog = threading.Timer(seconds, self.cut, (f"it took longer than {seconds:.0f} s",))
        self._watchdog.daemon = True
        self._watchdog.start()

    def left(self) -> float:
        """Seconds that are left, at least a moment."""
        return max(self._end - time.monotonic(), 0.01)

    def trusted(self) -> None:
        """The server has proved who it is: it may answer in full from now on."""
        self._allowed = self._most

    def count(self, size: int) -> None:
        """Count what was received."""
        self.received += size
        if self.received > self._allowed:
            self.cut(f"it sent more than {self._allowed // 1024} KiB")

    def cut(self, why: str) -> None:
        """End it, from whichever thread; the first reason stays."""
        with self._lock:
            self.why = self.why or why
            for one in self._open:
                _shut(one)

    def watch(self, stream: Any) -> None:
        """End this one too."""
        with self._lock:
            self._open.append(stream)
        if self.why:
            _shut(stream)

    def close(self) -> None:
        """Stop the clock and close everything."""
        self._watchdog.cancel()
        with self._lock:
            for one in reversed(self._open):
                _shut(one)
                one.close()
            self._open.clear()


class Metered:
    """What paramiko is given for a socket.

    It reads as much as there is and hands it on in pieces: paramiko asks for each packet's head and body by itself,
    and every question to the system is also a chance for another thread to take over.
    """

    def __init__(self, stream: Stream, meter: Meter) -> None:
        self._stream, self._meter = stream, meter
        self._kept, self._at = b"", 0
        self._closed = False  # paramiko looks at it, as at a socket's

    def recv(self, size: int) -> bytes:
        """Read and count; nothing more once the meter has cut."""
        if self._meter.why:
            return b""
        if self._at >= len(self._kept):
            self._kept, self._at = self._stream.recv(READ_AT_ONCE), 0
            self._meter.count(len(self._kept))
        data = self._kept[self._at : self._at + size]
        self._at += len(data)
        return data

    def send(self, data: bytes) -> int:
        """Write."""
        return 0 if self._meter.why else self._stream.send(data)

    def close(self) -> None:
        """Close the stream."""
        self._closed = True
        self._stream.close()

    def settimeout(self, seconds: float | None) -> None:
        """How long a read may wait: seldom less than a second, for what ends a look also ends its reads."""
        self._stream.settimeout(None if seconds is None else max(seconds, LOOK_UP_SECONDS))


class BoundedPacketizer(Packetizer):
    """Refuses a packet before it is gathered: adding chunk to chunk would cost a server's 60 MiB squared.

    The meter's clock bounds the handshake with all the rest, so paramiko's own, a thread for each connection, stays
    off.
    """

    def start_handshake(self, timeout: float) -> None:
        """See Packetizer."""

    def complete_handshake(self) -> None:
        """See Packetizer, which would stop its clock again with every packet."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """See Packetizer."""
        if not 0 <= n <= MAX_PACKET:
            raise SSHException(f"a packet of {n} bytes")
        return super().read_all(n, check_rekey)


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection that does not wait to fill its segments: a script and its answer are many small packets."""
    made = socket.create_connection((address, port), timeout=seconds)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _shut(stream: Any) -> None:
    try:
        stream.shutdown(socket.SHUT_RDWR)
    except (OSError, EOFError):
        return  # closed already
