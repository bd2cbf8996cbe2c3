"""docs/change.md: what it prints is printed by the real program."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.pages import Page
from support.questions import parts
from support.reports import NOW

from cmdb.store import By, Store
from cmdb.words import Role
from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server
from cmdb_processes.cli.server.processes import processes

pytestmark = pytest.mark.neo4j

PAGE = Path(__file__).parents[2] / "docs" / "change.md"
PAIR = "DEPENDS_ON: 1 of db-1, db-3"
MOVE = f"""{{"repoint": [{{"type": "DEPENDS_ON", "from": "shop", "to": "db-2", "newTo": "db-3"}}],
 "set": [{{"ci": "shop", "attributes": {{"redundancy": ["{PAIR}"]}}}}]}}
"""
BY = By("ann", NOW, "architecture 7")
PEOPLE = {
    "admin": Role.ADMIN, "anna": Role.APPROVER_TECHNICAL, "ben": Role.APPROVER_FINANCIAL,
    "cleo": Role.APPROVER_BUSINESS, "mia": Role.CHANGE_MANAGER,
}  # fmt: skip


def shop(store: Store) -> dict[str, str]:
    """Selling needs the shop, which needs one of two databases; a third one is there for later."""
    promised = {"criticality": "high", "availability_target": 99.96}
    ids = {
        name: store.create_ci(cls, name, promised if cls == "BusinessService" else {}, BY).ci
        for cls, name in (
            ("Database", "db-1"), ("Database", "db-2"), ("Database", "db-3"), ("Database", "cache"),
            ("Application", "shop"), ("Application", "billing"), ("BusinessService", "selling"),
        )
    }  # fmt: skip
    for source, target in (("shop", "db-1"), ("shop", "db-2"), ("selling", "shop")):
        store.link_cis("DEPENDS_ON", ids[source], ids[target], BY)
    store.update_ci(ids["shop"], None, {"redundancy": ["DEPENDS_ON: 1 of db-1, db-2"]}, BY)
    return ids


def edge(store: Store, ids: Mapping[str, str], source: str, target: str) -> None:
    """A dependency that turns up."""
    store.link_cis("DEPENDS_ON", ids[source], ids[target], BY)


def moved(store: Store, ids: Mapping[str, str]) -> None:
    """The shop lets go of db-2, uses db-3, and a cache."""
    store.unlink_cis("DEPENDS_ON", ids["shop"], ids["db-2"], BY)
    edge(store, ids, "shop", "db-3")
    store.update_ci(ids["shop"], None, {"redundancy": [PAIR]}, BY)
    edge(store, ids, "shop", "cache")


def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A normal change as far as its window, an emergency to its end, and a template."""
    ids = shop(store)
    (tmp_path / "move.json").write_text(MOVE)
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with parts(tmp_path, store, processes().values()) as of:
        server = Server(create_app(of), "127.0.0.1", 0)
        server.start()
        try:
            url = f"http://127.0.0.1:{server.port}"
            (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": url}))
            for name, role in PEOPLE.items():
                of.accounts.create_user(name, [role])
                file = tmp_path / ("token" if name == "admin" else f"{name}.token")
                file.touch(mode=0o600)
                file.write_text(of.accounts.create_token(name))
            steps = {
                "billing turns out to use db-1": lambda: edge(store, ids, "billing", "db-1"),
                "the shop uses db-3, and a cache that nobody spoke of": lambda: moved(store, ids),
            }
            Page(PAGE, steps).check()
        finally:
            server.stop()
