"""User accounts of the host itself."""

from __future__ import annotations

from cmdb.words import Item, Section
from cmdb_agents.collector import Collector, View, item, section
from cmdb_agents.transports.readings import Account

PERSONS, NOBODY = 1_000, 65_534
"""The first number given to people by default (login.defs), and the one that is nobody's."""
NO_LOGIN = frozenset({"nologin", "false", "sync", "halt", "shutdown", "true", ""})


def collect(view: View) -> Section:
    """One Account item for each."""
    return section("accounts", view.machine, map(_item, view.machine.accounts))


def _item(account: Account) -> Item:
    system = account.uid < PERSONS or account.uid == NOBODY
    return item(
        "Account",
        account.name,
        account.name,
        uid=account.uid,
        gid=account.gid,
        home=account.home,
        shell=account.shell,
        groups=account.groups,
        kind="root" if account.uid == 0 else "system" if system else "person",
        login=account.shell.rpartition("/")[2] not in NO_LOGIN,
    )


ACCOUNTS = Collector("accounts", "User accounts.", ("Account",), collect)
