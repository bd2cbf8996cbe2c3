"""A server's parts on a real store, questions put to them as somebody, and a small estate to ask about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.front_door import PEPPER
from support.reports import NOW, host, network, report, service, services, sockets, uses

from cmdb.accounts import Accounts
from cmdb.applier import Agents, Applier
from cmdb.classes import catalogue
from cmdb.config import load
from cmdb.discoveries import Discoveries
from cmdb.enrolment import Enrolment
from cmdb.inbox import Inbox
from cmdb.projection import Feed
from cmdb.store import Store
from cmdb.webhooks import Courier, Hooks
from cmdb.words import (
    Attribute,
    Category,
    Command,
    Decision,
    Failure,
    Model,
    Principal,
    Process,
    Record,
    RecordLifecycle,
    RecordType,
    Role,
    State,
    Step,
)
from cmdb_graphql.endpoint import executor
from cmdb_graphql.services import Services
from cmdb_processes.arrangements import PROCESS as ARRANGEMENTS

NEO4J = service("neo4j", 17687, "127.0.0.1")
EPICENTRE = service("epicentre", 8480)
SHOP = service("shop", 443)


def person(*roles: Role, name: str = "pat") -> Principal:
    """Somebody who holds these roles and what they imply."""
    return Principal(name, frozenset(r for role in roles for r in role.implies))


ADMIN = person(Role.ADMIN, name="ada")


@contextmanager
def parts(home: Path, store: Store, processes: Iterable[Process] = ()) -> Iterator[Services]:
    """The parts of a server on `store`; nothing is served and nothing applied. Change is judged by arrangements."""
    home.mkdir(parents=True, exist_ok=True)
    inbox = Inbox(home / "inbox.db")
    enrolment, accounts = Enrolment(home / "enrolment.db", PEPPER), Accounts(home / "accounts.db", PEPPER)
    applier = Applier(inbox, store, Agents(enrolment.revoked, enrolment.revoke))
    discoveries = Discoveries(home / "discoveries.db")
    hooks = Hooks(home / "webhooks.db", PEPPER)
    courier = Courier(hooks, store)
    by_name = {process.name: process for process in processes}
    if "change" in by_name:
        by_name.setdefault(ARRANGEMENTS.name, ARRANGEMENTS)
    try:
        yield Services(
            load(home=home), store, inbox, enrolment, accounts, applier, courier, by_name, discoveries=discoveries
        )
    finally:
        discoveries.close()
        hooks.close()
        inbox.close()
        enrolment.close()
        accounts.close()


def projected(of: Services) -> Services:
    """The same parts with a projection that has caught up, as a server has one."""
    relations = catalogue().relations.values()
    feed = Feed(of.store, {r.name: r.failure is Failure.SOFT for r in relations if r.failure is not Failure.NEVER})
    feed.step()
    return replace(of, projection=feed)


def answer(of: Services, document: str, who: Principal = ADMIN, /, **variables: Any) -> dict[str, Any]:
    """The whole answer, with its errors."""
    return asyncio.run(executor(of).execute(who, document, variables)).body


def ask(of: Services, document: str, who: Principal = ADMIN, /, **variables: Any) -> dict[str, Any]:
    """The data of an answer without errors."""
    found = answer(of, document, who, **variables)
    assert "errors" not in found, found["errors"]
    data: dict[str, Any] = found["data"]
    return data


def estate(store: Store) -> dict[str, str]:
    """web1 runs epicentre on its neo4j; web2 runs a shop that uses epicentre. Ids by name."""
    web1 = [host("web1", cpu_cores=4, memory_bytes=2**34), network("10.0.0.5"), services(NEO4J, EPICENTRE)]
    store.apply(report(1, *web1, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), NOW)
    web2 = [host("web2", cpu_cores=16), network("10.0.0.6"), services(SHOP), sockets(uses(SHOP, "10.0.0.5:8480"))]
    store.apply(report(1, *web2, node="nd_2", boot="boot-2"), NOW)
    return {row["name"]: row["id"] for row in store.find(None, first=100)}


class Counted:
    """The real store behind a counter of its calls."""

    def __init__(self, store: Store, calls: list[str] | None = None) -> None:
        self._store = store
        self.calls: list[str] = [] if calls is None else calls

    def asking(self, ask: Callable[[str], None]) -> Counted:
        """The store that commands are given to, behind the same counter: it is another of these, and no call."""
        return Counted(self._store.asking(ask), self.calls)

    def __getattr__(self, name: str) -> Any:
        """The store's own method, noted when it is fetched, which is when it is called."""
        self.calls.append(name)
        return getattr(self._store, name)


# --- a process of the tests: a note about CIs, written, counted by asking the graph, and closed ----------------

Ask = Callable[..., dict[str, Any]]


def _write(ask: Ask, _record: Record | None, given: Mapping[str, Any], _who: Principal, _now: str) -> Decision:
    names = [ask("query N($id: ID!) { ci(id: $id) { name } }", id=ci)["ci"]["name"] for ci in given["cis"]]
    text = f"{given['text']} ({', '.join(sorted(names))})"
    return Decision("open", {"text": text, "words": len(text.split())}, "written", given["cis"])


def _close(_ask: Ask, record: Record, given: Mapping[str, Any], _who: Principal, _now: str) -> Decision:
    return Decision("closed", {}, str(given.get("why") or "done"))


_LIFE = RecordLifecycle(
    (State("open", Category.TO_DO), State("closed", Category.DONE)), "open", (Step("open", "close", ("closed",)),)
)
NOTE = RecordType(
    name="Note", plural="notes", prefix="NTE", sentence="A note about some CIs.",
    models=(Model("plain", "Written, then closed.", (_LIFE,)),),
    attributes=(
        Attribute("text", "string", "What it says."),
        Attribute("words", "int", "How long it is.", unit="words"),
    ),
)  # fmt: skip
NOTES = Process(
    name="notes",
    sentence="Notes that people write about CIs.",
    records=(NOTE,),
    commands=(
        Command(
            "write_note", "Write a note.", "Note", (Attribute("text", "string", "What it says.", required=True),),
            frozenset({Role.ENGINEER}), opens=True, decide=_write,
        ),
        Command(
            "close_note", "Close a note.", "Note", (Attribute("why", "string", "Why it is closed."),),
            frozenset({Role.CHANGE_MANAGER, Role.APPROVER_BUSINESS}), opens=False, decide=_close, stimulus="close",
        ),
    ),
)  # fmt: skip
