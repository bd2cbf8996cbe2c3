"""docs/incidents.md: what it prints is printed by the real program."""

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
from cmdb_processes.arrangements import PROCESS as ARRANGEMENTS
from cmdb_processes.incident import PROCESS

pytestmark = pytest.mark.neo4j

PAGE = Path(__file__).parents[3] / "docs" / "incidents.md"
BY = By("ann", NOW, "architecture 7")


def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an event to the close of the incident, two requests, and the strategy that is approved."""
    given = {"criticality": "critical", "users": 1200, "recovery_time_min": 240}
    ids = {
        name: store.create_ci(cls, name, given if cls == "BusinessService" else {}, BY).ci
        for cls, name in (("BusinessService", "selling"), ("Application", "shop"), ("Database", "db-1"))
    }
    store.link_cis("DEPENDS_ON", ids["selling"], ids["shop"], BY)
    store.link_cis("DEPENDS_ON", ids["shop"], ids["db-1"], BY)
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with front_door(tmp_path, store, processes=[ARRANGEMENTS, PROCESS]) as door:
        accounts = door.services.accounts
        accounts.create_user("admin", [Role.ADMIN])
        for name, role in (("clara", Role.CHANGE_MANAGER), ("dora", Role.ENGINEER)):
            accounts.create_user(name, [role])
            (tmp_path / f"{name}.token").touch(mode=0o600)
            (tmp_path / f"{name}.token").write_text(accounts.create_token(name))
        (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{door.port}"}))
        (tmp_path / "token").touch(mode=0o600)
        (tmp_path / "token").write_text(accounts.create_token("admin"))
        Page(PAGE, {}).check()
