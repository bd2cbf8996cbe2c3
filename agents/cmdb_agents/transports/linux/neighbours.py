"""Who is on the same wires: the kernel's neighbour tables, and what LLDP frames say where lldpd runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from cmdb_agents.addresses import is_link_local, is_loopback
from cmdb_agents.parsers.network import lldp
from cmdb_agents.transports import netlink
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Neighbour

MAX_NEIGHBOURS = 256
LLDPD_SOCKETS = ("/run/lldpd.socket", "/run/lldpd/lldpd.socket", "/var/run/lldpd.socket")
TABLES = {int(socket.AF_INET): "arp", int(socket.AF_INET6): "nd"}


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
    """The kernel's own answer: it has both families, /proc only the older one."""
    for near in netlink.neighbours():
        yield Neighbour(TABLES[near.family], socket.if_indextoname(near.index), near.address, near.mac)


NEIGHBOURS = Reader("neighbours", "neighbours", read, every=60)
