"""The network between one agent and the server: late, lost, twice, out of order, cut short, damaged, or gone for hours.

An agent speaks to it by the socket it opens, so that what it makes of the bytes is decided by its own code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from simulation.faults import Faults

HOUR = 3600.0


class There(Protocol):
    """What the line needs of the world."""

    now: float

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something after a while."""

    def serve(self, *requests: bytes) -> list[bytes]:
        """Have the server answer; OSError while it does not live, no byte where it only hangs up."""


class Line:
    """One agent's way to the server."""

    def __init__(self, world: There, faults: Faults, agent_dies: Callable[[], None]) -> None:
        self.world, self.faults, self.agent_dies = world, faults, agent_dies
        self.sent: list[bytes] = []
        self.said: list[int] = []
        """The statuses that came back to the agent in its present cycle."""
        self._cut_until = 0.0

    def connect(self, address: tuple[Any, int], patience: float) -> Any:
        """A connection, as `socket.create_connection` gives it."""
        if self.faults.now("line cut"):
            self._cut_until = self.world.now + self.faults.dice.choice((0.1, 2.0, 9.0)) * HOUR
        if self.faults.odds and self.world.now < self._cut_until:
            raise OSError(113, "no route to host")
        return Connection(self)

    def carry(self, request: bytes) -> bytes:
        """What comes back for a request; OSError if nothing does."""
        faults, world = self.faults, self.world
        world.now += faults.dice.uniform(0.01, 0.3)
        self.sent.append(request)
        if faults.now("request lost"):
            raise TimeoutError(None, "timed out")
        if faults.now("request late"):
            self._repeat(request)
            raise TimeoutError(None, "timed out")
        requests = [request]
        if faults.now("request twice"):
            if faults.dice.random() < 0.5:
                self._repeat(request)
            else:
                requests *= 2
        if faults.now("request cut short"):
            self._quietly(request[: faults.dice.randrange(len(request))])
            raise ConnectionResetError(104, "connection reset by peer")
        if faults.now("request damaged"):
            requests[0] = damaged(request, faults)
        answer = faults.dice.choice(world.serve(*requests))
        if not answer:
            raise ConnectionResetError(104, "connection reset by peer")
        self.agent_dies()
        if faults.now("answer lost"):
            raise TimeoutError(None, "timed out")
        if faults.now("answer cut short"):
            answer = answer[: faults.dice.randrange(len(answer))]
        elif faults.now("answer damaged"):
            answer = damaged(answer, faults)
        if (status := answer[9:12]).isdigit():
            self.said.append(int(status))
        return answer

    def _repeat(self, request: bytes) -> None:
        for _ in range(self.faults.dice.choice((1, 1, 3))):
            seconds = self.faults.dice.choice((1.0, 60.0, 2 * HOUR)) * self.faults.dice.random()
            self.world.later(seconds, lambda: self._quietly(request))

    def _quietly(self, request: bytes) -> None:
        """A request whose answer nobody waits for."""
        try:
            self.world.serve(request)
        except OSError:
            return


def damaged(data: bytes, faults: Faults) -> bytes:
    """One to three bits of it are others."""
    made = bytearray(data)
    for _ in range(faults.dice.choice((1, 1, 2, 3))):
        made[faults.dice.randrange(len(made))] ^= 1 << faults.dice.randrange(8)
    return bytes(made)


class Connection:
    """What the agent takes for a socket."""

    def __init__(self, line: Line) -> None:
        self._line, self._out, self._in = line, b"", cast("bytes | None", None)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def settimeout(self, _seconds: float) -> None:
        """Time passes as the line says."""

    def sendall(self, data: bytes) -> None:
        """Hand it to the line."""
        self._out += data

    def recv(self, most: int) -> bytes:
        """The answer, piece by piece, then nothing."""
        if self._in is None:
            self._in = self._line.carry(self._out)
        part, self._in = self._in[:most], self._in[most:]
        return part
