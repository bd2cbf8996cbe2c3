"""Who is on the same wires: the kernel's neighbour tables, and what LLDP frames say where lldpd runs."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from cmdb_agents.addresses import is_link_local, is_loopback
from cmdb_agents.parsers.network import lldp
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Neighbour

MAX_NEIGHBOURS = 256
LLDPD_SOCKETS = ("/run/lldpd.socket", "/run/lldpd/lldpd.socket", "/var/run/lldpd.socket")
RTM_GETNEIGH, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR = 30, 0x301, 3, 2
NDA_DST, NDA_LLADDR = 1, 2
FAMILIES = {socket.AF_INET: "arp", socket.AF_INET6: "nd"}
KNOWN = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""States (NUD_*) in which an entry has an address: reachable, stale, delay, probe, permanent."""


def read(hand: Hand) -> tuple[Neighbour, ...]:
    """Both tables, each entry once, bounded."""
    near = tuple(_asked()) if hand.here else tuple(hand.near())
    found = sorted(
        {n for n in near if not is_link_local(n.address) and not is_loopback(n.address)},
        key=lambda n: (n.interface, n.table, n.address),
    )
    if len(found) > MAX_NEIGHBOURS:
        hand.trouble("neighbours", f"neighbours after the first {MAX_NEIGHBOURS}", "truncated")
    return (*found[:MAX_NEIGHBOURS], *_lldp(hand))


def _lldp(hand: Hand) -> tuple[Neighbour, ...]:
    if not any(hand.exists(path) for path in LLDPD_SOCKETS):
        return ()
    answer = hand.run(["lldpctl", "-f", "json0"], "neighbours", "LLDP neighbours")
    return tuple(lldp(answer)) if answer else ()


def _asked() -> Iterator[Neighbour]:
    """The kernel's own answer (rtnetlink(7)): it has both families, /proc only the older one."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as asker:
        asker.settimeout(2)
        asker.send(struct.pack("=IHHIIBxHiHBB", 28, RTM_GETNEIGH, NLM_F_DUMP, 1, 0, 0, 0, 0, 0, 0, 0))
        for _ in range(1_000):
            data = asker.recv(2**16)
            at = 0
            while at + 16 <= len(data):
                length, kind = struct.unpack_from("=IH", data, at)
                if kind in (NLMSG_DONE, NLMSG_ERROR) or length < 16:
                    return
                if found := _entry(data[at + 16 : at + length]):
                    yield found
                at += length + 3 & ~3


def _entry(data: bytes) -> Neighbour | None:
    family, index, state = struct.unpack_from("=BxxxiH", data)
    values: dict[int, bytes] = {}
    at = 12
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        values[kind] = data[at + 4 : at + length]
        at += length + 3 & ~3
    address, mac = values.get(NDA_DST, b""), values.get(NDA_LLADDR, b"")
    if family not in FAMILIES or not state & KNOWN or len(mac) != 6 or not any(mac) or mac[0] & 1:
        return None
    return Neighbour(FAMILIES[family], socket.if_indextoname(index), socket.inet_ntop(family, address), mac.hex(":"))


NEIGHBOURS = Reader("neighbours", "neighbours", read, every=60)
