"""Who works at the example company with an account: a token each, in a file that the command line can be given."""

from __future__ import annotations

from pathlib import Path

from cmdb.accounts import Accounts
from cmdb.secret_file import secret_file
from cmdb.words import Role
from cmdb_processes.cli.company.events import DISCOVERY

FOLDER = "people"
ACCOUNTS = {
    "ada": (Role.ENGINEER,),
    "ben": (Role.ENGINEER,),
    "cleo": (Role.ENGINEER,),
    "hugo": (Role.ENGINEER,),
    "gita": (Role.CHANGE_MANAGER,),
    "finn": (Role.APPROVER_TECHNICAL,),
    "eva": (Role.APPROVER_FINANCIAL,),
    "dan": (Role.APPROVER_BUSINESS,),
    "kim": (Role.ENGINEER,),
    DISCOVERY: (Role.ENGINEER,),
}
"""By first name; `inventory.PEOPLE` has them whole. Discovery is a program."""


def hire(accounts: Accounts, home: Path) -> None:
    """Accounts with their tokens in files under `home`."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700)
    for name, roles in ACCOUNTS.items():
        accounts.create_user(name, list(roles))
        secret_file(folder / f"{name}.token", accounts.create_token(name, "the example").encode)
