"""Connections whose destination this machine's kernel rewrites; only root may see its table."""

from __future__ import annotations

from cmdb_agents.parsers.conntrack import translations
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Translation

TABLE = "/proc/net/nf_conntrack"


def read(hand: Hand) -> tuple[Translation, ...]:
    """The rewritten connections there are now."""
    if not hand.exists(TABLE):
        return ()
    try:
        text = hand.text(TABLE, 16 * 2**20)
    except PermissionError:
        # Without it a rewritten address is reported as the program used it, which is true as well.
        hand.trouble("sockets", "who answers behind rewritten addresses", "permission denied", True, hides=False)
        return ()
    return tuple(sorted(set(translations(text)), key=lambda t: (t.protocol, t.local, t.local_port, t.asked, t.real)))


TRANSLATIONS = Reader("translations", "sockets", read)
