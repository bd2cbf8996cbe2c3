"""Asks the Linux kernel for its tables of addresses and neighbours (rtnetlink(7)): no command, no library, no root."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

RTM_GETADDR, RTM_GETNEIGH = 22, 30
NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 0x301, 2, 3
IFA_ADDRESS, IFA_LOCAL = 1, 2
IFA_F_TEMPORARY = 0x01
NDA_DST, NDA_LLADDR = 1, 2
KNOWN = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""States (NUD_*) in which a neighbour has an address: reachable, stale, delay, probe, permanent."""

MAX_ANSWERS, SECONDS = 10_000, 2


@dataclass(frozen=True, slots=True)
class Assigned:
    """An address of an interface; `temporary` marks an IPv6 privacy address."""

    index: int
    address: str
    prefix_length: int
    temporary: bool


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour with its hardware address."""

    index: int
    family: int
    address: str
    mac: str


def addresses() -> Iterator[Assigned]:
    """Every address of every interface in this network namespace."""
    for data in _dump(RTM_GETADDR):
        family, prefix, flags, _scope, index = struct.unpack_from("=BBBBI", data)
        found = _attributes(data, 8)
        # On a point-to-point link the one is the peer's address and only the other is ours.
        own = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS, b"")
        if family in (socket.AF_INET, socket.AF_INET6):
            temporary = family == socket.AF_INET6 and bool(flags & IFA_F_TEMPORARY)
            yield Assigned(index, socket.inet_ntop(family, own), prefix, temporary)


def neighbours() -> Iterator[Near]:
    """Every neighbour of either family whose hardware address is known."""
    for data in _dump(RTM_GETNEIGH):
        family, index, state = struct.unpack_from("=BxxxiH", data)
        found = _attributes(data, 12)
        address, mac = found.get(NDA_DST, b""), found.get(NDA_LLADDR, b"")
        unicast = len(mac) == 6 and any(mac) and not mac[0] & 1
        if family in (socket.AF_INET, socket.AF_INET6) and state & KNOWN and unicast:
            yield Near(index, family, socket.inet_ntop(family, address), mac.hex(":"))


def _dump(kind: int) -> Iterator[bytes]:
    """The body of each message in the answer to a question for a whole table."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as asker:
        asker.settimeout(SECONDS)
        asker.send(struct.pack("=IHHII12x", 28, kind, NLM_F_DUMP, 1, 0))
        for _ in range(MAX_ANSWERS):
            data = asker.recv(2**16)
            at = 0
            while at + 16 <= len(data):
                length, answer = struct.unpack_from("=IH", data, at)
                if answer in (NLMSG_DONE, NLMSG_ERROR) or length < 16:
                    return
                yield data[at + 16 : at + length]
                at += length + 3 & ~3


def _attributes(data: bytes, at: int) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        values[kind] = data[at + 4 : at + length]
        at += length + 3 & ~3
    return values
