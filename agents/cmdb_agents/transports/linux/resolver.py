"""Whom the machine asks for names; behind systemd-resolved's stub the servers it asks in turn."""

from __future__ import annotations

from cmdb_agents.parsers.network import resolver
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Resolver

STUB = "127.0.0.53"
BEHIND = "/run/systemd/resolve/resolv.conf"


def read(hand: Hand) -> Resolver:
    """The servers and search domains."""
    found = resolver(hand.line("/etc/resolv.conf"))
    return resolver(hand.line(BEHIND)) if STUB in found.servers and hand.exists(BEHIND) else found


RESOLVER = Reader("resolver", "host", read, otherwise=Resolver())
