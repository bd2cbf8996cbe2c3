"""docs/availability.md: what it prints is printed by the real program."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.front_door import front_door
from support.pages import Page
from support.reports import NOW

from cmdb.store import By, Store
from cmdb.words import Role

ROOT = Path(__file__).parents[2]
BY = By("ann", NOW, "as the page needs it")


def a_shop(store: Store) -> None:
    """The shop that the page tells of."""
    made = {
        name: store.create_ci(cls, name, given, BY).ci
        for cls, name, given in (
            ("BusinessService", "selling", {}), ("Application", "shop", {}), ("Host", "web-1", {}),
            ("Host", "web-2", {}), ("Database", "orders", {}), ("Cluster", "pool", {"kind": "load pool"}),
        )
    }  # fmt: skip
    for source, kind, target in (
        ("selling", "DEPENDS_ON", "shop"), ("shop", "DEPENDS_ON", "orders"), ("shop", "DEPENDS_ON", "pool"),
        ("pool", "FORMED_BY", "web-1"), ("pool", "FORMED_BY", "web-2"),
    ):  # fmt: skip
        store.link_cis(kind, made[source], made[target], BY)


@pytest.mark.neo4j
def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command typed in the page's order, against a real server with the shop in it."""
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    with front_door(tmp_path, store) as door:
        accounts = door.services.accounts
        accounts.create_user("admin", [Role.ADMIN])
        (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{door.port}"}))
        (tmp_path / "token").touch(mode=0o600)
        (tmp_path / "token").write_text(accounts.create_token("admin"))
        steps = {"a shop with a database and two web servers": lambda: a_shop(store)}
        Page(ROOT / "docs" / "availability.md", steps).check()
