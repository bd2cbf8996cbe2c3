"""Connections whose destination the kernel rewrote, from /proc/net/nf_conntrack or `conntrack -L`."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb_agents.addresses import shortest
from cmdb_agents.transports.readings import Translation

MAX_ROWS = 50_000


def translations(text: str) -> Iterator[Translation]:
    """Of each tracked connection the first tuple is what was asked for; the reply comes from who really answers."""
    for line in text.splitlines()[:MAX_ROWS]:
        protocol = next((word for word in line.split()[:4] if word in ("tcp", "udp")), "")
        pairs: dict[str, list[str]] = {}
        for word in line.split():
            name, equals, value = word.partition("=")
            if equals:
                pairs.setdefault(name, []).append(value)
        if protocol and all(len(pairs.get(name, ())) >= 2 for name in ("src", "dst", "sport", "dport")):
            asked, real = shortest(pairs["dst"][0]), shortest(pairs["src"][1])
            ports = int(pairs["dport"][0]), int(pairs["sport"][1])
            if (asked, ports[0]) != (real, ports[1]):
                source = shortest(pairs["src"][0])
                yield Translation(protocol, source, int(pairs["sport"][0]), asked, ports[0], real, ports[1])
