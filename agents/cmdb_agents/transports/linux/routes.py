"""Routes of both families, from /proc/net."""

from __future__ import annotations

from cmdb_agents.parsers.network import routes, routes6
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Route

MAX_ROUTES = 1_000


def read(hand: Hand) -> tuple[Route, ...]:
    """Each route once; a full routing table of the Internet is cut."""
    found = sorted(
        {*routes(hand.text("/proc/net/route", 2**20)), *routes6(hand.line("/proc/net/ipv6_route", 2**20))},
        key=lambda r: (r.destination, r.gateway, r.interface, r.metric),
    )
    if len(found) > MAX_ROUTES:
        hand.trouble("network", f"routes after the first {MAX_ROUTES}", "truncated", hides=False)
    return tuple(found[:MAX_ROUTES])


ROUTES = Reader("routes", "host", read)
