"""User accounts, read as files: the name service may ask a directory over the network, and block."""

from __future__ import annotations

from cmdb_agents.parsers.accounts import accounts
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Account

MAX_ACCOUNTS = 2_000
FILES = ("/etc/passwd", "/etc/group")


def read(hand: Hand) -> tuple[Account, ...]:
    """The local accounts; those of a directory are the directory's."""
    found = accounts(*(hand.text(path, 4 * 2**20) for path in FILES))
    if len(found) > MAX_ACCOUNTS:
        hand.trouble("accounts", f"accounts after the first {MAX_ACCOUNTS}", "truncated")
    return found[:MAX_ACCOUNTS]


def stamp(hand: Hand) -> object:
    """What changes with every account."""
    return tuple(hand.stamp(path) for path in FILES)


ACCOUNTS = Reader("accounts", "accounts", read, stamp=stamp)
