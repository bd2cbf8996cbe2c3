"""Versions 1 and 2c over UDP: questions out, answers matched to them by number. One socket per device.

The socket is connected, so that the kernel drops what comes from elsewhere. What is no answer to a question that is
open (garbage, another number, a duplicate) is counted and otherwise ignored: the question's own time decides.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Literal, cast

from cmdb_agents.transports.snmp_ber import Malformed, Oid, Response, request, response
from cmdb_agents.transports.snmp_walk import Silent


class Udp(asyncio.DatagramProtocol):
    """One device, asked in version 1 or 2c."""

    def __init__(self, version: Literal["1", "2c"], community: bytes) -> None:
        self._version: Literal[0, 1] = 0 if version == "1" else 1
        self._community = community
        self._number = secrets.randbelow(2**30)
        self._open: dict[int, asyncio.Future[Response]] = {}
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
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, kind: int, oids: tuple[Oid, ...], repetitions: int, wait: float) -> Response:
        """One question; each try has a number of its own, so a late answer is never taken for another's."""
        assert self._transport is not None
        self._number = (self._number + 1) % 2**31
        number = self._number
        waiting: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._open[number] = waiting
        try:
            self._transport.sendto(request(self._version, self._community, kind, number, oids, repetitions))
            late = asyncio.get_running_loop().call_later(wait, _late, waiting)
            try:
                return await waiting
            finally:
                late.cancel()
        finally:
            del self._open[number]

    # --- what asyncio calls --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is not declared as one

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's signature
        """An answer, or a stray."""
        try:
            answer = response(data)
        except Malformed:
            self.strays += 1
            return
        waiting = self._open.get(answer.request_id)
        if waiting is None or waiting.done():
            self.strays += 1
        else:
            waiting.set_result(answer)

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002  # asyncio's signature
        """The network says that nobody is there. It may be wrong for a moment: the question's time decides."""
        self.refused = True


def _late(waiting: asyncio.Future[Response]) -> None:
    if not waiting.done():
        waiting.set_exception(Silent())
