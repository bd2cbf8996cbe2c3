"""docs/discover-snmp.md: what it prints is printed by the real program, against a real snmpd and a lab that answers."""

import json
import os
from pathlib import Path

import pytest
from support.front_door import front_door
from support.imported import load, node
from support.pages import Page
from support.snmp_network import HOST_MAC, answering
from support.snmpd import snmpd

from cmdb.store import Store
from cmdb.words import Role

pytestmark = pytest.mark.neo4j

PAGE = Path(__file__).parents[2] / "docs" / "discover-snmp.md"


def test_every_command_of_the_page_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run of a daemon and of a lab, a report, what breaks with a switch or a core, and what is joined to what."""
    load(
        store,
        node("Host", "web1", ref="h", fqdn="web1.example.net"),
        node("NetworkInterface", "eth0", ref="n", parent="h", key="eth0", mac=HOST_MAC),
        source="agents",
    )
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "snmpd").mkdir()
    with front_door(tmp_path, store) as door, snmpd(tmp_path / "snmpd", 17161), answering(port=17162):
        accounts = door.services.accounts
        accounts.create_user("admin", [Role.ADMIN])
        (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{door.port}"}))
        (tmp_path / "token").touch(mode=0o600)
        (tmp_path / "token").write_text(accounts.create_token("admin"))
        Page(PAGE, {}).check()
