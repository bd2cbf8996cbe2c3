"""Versions 1 and 2c over UDP: questions out, answers matched to them by number. One socket per device.

The socket is connected, so that the kernel drops what comes from elsewhere. What is no answer to a question that is
open (garbage, another number, a duplicate) is counted and otherwise ignored: the question's own time decides.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Literal, cast

from cmdb_agents.transports.snmp_ber import Malformed, Oid, Response, again, request, response
from cmdb_agents.transports.snmp_walk import Follow, Silent


@dataclass(slots=True)
class _Question:
    """One that is open, and how to go on from its answer."""

    waiting: asyncio.Future[Response]
    kind: int
    repetitions: int
    wait: float
    follow: Follow | None
    until: float = 0.0


class Udp(asyncio.DatagramProtocol):
    """One device, asked in version 1 or 2c."""

    def __init__(self, version: Literal["1", "2c"], community: bytes) -> None:
        self._version: Literal[0, 1] = 0 if version == "1" else 1
        self._community = community
        self._number = secrets.randbelow(2**30)
        self._open: dict[int, _Question] = {}
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self.bulk = version != "1"
        self.strays = 0
        self.refused = False  # nobody listens on the port

    @classmethod
    async def connect(cls, address: str, port: int, version: Literal["1", "2c"], community: bytes) -> Udp:
        """A socket to one address; nothing is sent yet."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_datagram_endpoint(lambda: cls(version, community), remote_addr=(address, port))
        return wire

    def close(self) -> None:
        """Close the socket."""
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def ask(
        self, kind: int, oids: tuple[Oid, ...], repetitions: int, wait: float, follow: Follow | None = None
    ) -> Response:
        """One question, and those that `follow` makes of each answer, without a task waking in between.

        Each try has a number of its own, so a late answer is never taken for another's.
        """
        question = _Question(self._loop.create_future(), kind, repetitions, wait, follow)
        try:
            self._send(question, oids)
            return await question.waiting
        finally:
            for number in [number for number, one in self._open.items() if one is question]:
                del self._open[number]

    def _send(self, question: _Question, oids: tuple[Oid, ...], name: bytes = b"") -> None:
        assert self._transport is not None
        self._number = (self._number + 1) % 2**31
        self._open[self._number] = question
        question.until = self._loop.time() + question.wait
        if self._watch is None or self._watch.when() > question.until:
            self._look_again(question.until)
        asked = self._version, self._community, question.kind, self._number
        written = again(*asked, name, question.repetitions) if name else b""
        self._transport.sendto(written or request(*asked, oids, question.repetitions))

    def _look_again(self, at: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._loop.call_at(at, self._late)

    def _late(self) -> None:
        """One clock for all open questions: setting one for each cost as much as sending them."""
        self._watch = None
        now = self._loop.time()
        for question in self._open.values():
            if question.until <= now and not question.waiting.done():
                question.waiting.set_exception(Silent())
        left = [one.until for one in self._open.values() if not one.waiting.done()]
        if left:
            self._look_again(min(left))

    # --- what asyncio calls --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is not declared as one
        if hasattr(transport, "max_size"):
            transport.max_size = 65_536  # its 256 KiB are mapped anew for each packet, which costs more than reading it

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's signature
        """An answer, or a stray."""
        try:
            answer = response(data)
        except Malformed:
            self.strays += 1
            return
        question = self._open.get(answer.request_id)
        if question is None or question.waiting.done():
            self.strays += 1
        elif question.follow is not None and (on := question.follow(answer)) is not None:
            del self._open[answer.request_id]
            name, question.repetitions = on
            self._send(question, (name,), answer.last)
        else:
            question.waiting.set_result(answer)

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002  # asyncio's signature
        """The network says that nobody is there. It may be wrong for a moment: the question's time decides."""
        self.refused = True
