"""docs/calendar.md: what it prints is printed by the real program."""

import json
import os
from pathlib import Path

import pytest
from support.front_door import front_door
from support.pages import Page
from support.reports import NOW

from cmdb.store import By, Store
from cmdb.words import Role
from cmdb_processes.cli.server.processes import processes

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(300)]  # some forty commands

PAGE = Path(__file__).parents[3] / "docs" / "calendar.md"
BY = By("ann", NOW, "architecture 7")
PEOPLE = {
    "admin": [Role.ADMIN], "anna": [Role.ENGINEER], "ben": [Role.ENGINEER], "tina": [Role.APPROVER_TECHNICAL],
    "theo": [Role.APPROVER_TECHNICAL], "fred": [Role.APPROVER_FINANCIAL], "vic": [Role.VIEWER],
}  # fmt: skip


def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web shop on a host: arranged for, searched, frozen, changed, stood in for, and put before the board."""
    host = store.create_ci("Host", "web-1", {}, BY).ci
    shop = store.create_ci("BusinessService", "webshop", {"criticality": "high"}, BY).ci
    store.link_cis("DEPENDS_ON", shop, host, BY)
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    with front_door(tmp_path, store, processes=processes().values()) as door:
        accounts = door.services.accounts
        for name, roles in PEOPLE.items():
            accounts.create_user(name, roles)
        (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{door.port}"}))
        (tmp_path / "token").touch(mode=0o600)
        (tmp_path / "token").write_text(accounts.create_token("admin"))
        Page(PAGE, {}).check()
