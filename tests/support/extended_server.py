"""A server process with the extension its environment names: reports a file's items if given, asks, prints the answer.

python extended_server.py <home> <bolt uri> <user> <question> [class]   (the password comes on stdin)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from support.reports import NOW, host, report

from cmdb.accounts import Accounts
from cmdb.applier import Agents, Applier
from cmdb.config import load
from cmdb.enrolment import Enrolment
from cmdb.inbox import Inbox
from cmdb.store import Store
from cmdb.words import Item, Role, Section
from cmdb_graphql.app import create_app
from cmdb_graphql.client import HttpClient
from cmdb_graphql.serve import Server
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes


def main(folder: str, uri: str, user: str, question: str, *items: str) -> None:
    """Serve, report, ask."""
    home = Path(folder)
    store = Store(uri, user, sys.stdin.readline().strip())
    store.migrate()
    if items:
        mine = tuple(Item(**json.loads(item)) for item in items)
        store.apply(report(1, host(cost_centre="4711"), Section("machines", True, mine)), NOW)
    settings = load(home=home)
    inbox, enrolment = Inbox(home / "inbox.db"), Enrolment(home / "enrolment.db", b"pepper")
    accounts = Accounts(home / "accounts.db", b"pepper")
    if not accounts.users():
        accounts.create_user("admin", [Role.ADMIN])
    applier = Applier(inbox, store, Agents(enrolment.revoked, enrolment.revoke))
    server = Server(
        create_app(Services(settings, store, inbox, enrolment, accounts, applier, processes())), "127.0.0.1", 0
    )
    server.start()
    try:
        client = HttpClient(f"http://127.0.0.1:{server.port}", accounts.create_token("admin"))
        print(json.dumps(client.ask(question)))
    finally:
        server.stop()
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
