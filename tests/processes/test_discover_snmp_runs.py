"""A collector's runs over SNMP targets, into a real graph: what is joined, what has changed, a server that is away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.signed_in import admins_door
from support.snmp_network import COMMUNITY, answering
from typer.testing import CliRunner, Result

from cmdb.errors import Invalid
from cmdb.store import Store
from cmdb_agents.discover.credentials import Credentials, master_key
from cmdb_agents.discover.folder import Folder
from cmdb_agents.home import Enrolled
from cmdb_processes.cli.main import build

pytestmark = pytest.mark.neo4j

Cli = Callable[..., Result]
TARGETS = """
[target.lab]
kind = "snmp"
hosts = ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
credentials = ["lab"]
rate = 6000
port = {port}
allow = ["loopback"]
options = {{ source = "network" }}

[target.rack]
kind = "ssh"
hosts = ["192.0.2.1"]
credentials = ["lab"]
"""


def collector(path: Path, enrolled: Enrolled, seed: bytes, port: int) -> None:
    """The folder of an enrolled collector with a credential and two targets."""
    folder = Folder(path)
    folder.home.keep(enrolled, seed)
    store = Credentials(path / "credentials.db", master_key(path / "master.key"))
    store.put("lab", "community", "", COMMUNITY, ["127.0.1.0/29"], {}, "2030-01-01T00:00:00Z")
    store.close()
    (path / "targets.toml").write_text(TARGETS.format(port=port))
    folder.close()


def places(told: Result) -> dict[str, dict[str, Any]]:
    """The places of a run by name."""
    assert told.exit_code == 0, told.output
    return {one["name"]: one for one in json.loads(told.stdout)["places"]}


def test_a_run_brings_devices_and_links_and_says_what_has_changed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run makes all of it, a second changes nothing; without the server all is seen and nothing is sent."""
    home = tmp_path / "collector"
    cli: Cli = lambda *words: CliRunner().invoke(build(), ["--plain", *map(str, words)])  # noqa: E731
    with answering() as port:
        with admins_door(tmp_path, store, monkeypatch) as door:
            sender = door.enrolled(collector=True)
            enrolled = Enrolled(f"http://127.0.0.1:{door.port}", sender.node, sender.node)
            collector(home, enrolled, bytes(sender.key), port)
            first = places(cli("discover", "snmp", "lab", "--home", home, "--json"))
            again = places(cli("discover", "snmp", "lab", "--home", home, "--json"))
            links = json.loads(cli("topology", "--json").stdout)["links"]
            runs = json.loads(cli("discover", "runs", "--json").stdout)
        assert {name: (one["ended"], one["new"]) for name, one in first.items()} == dict.fromkeys(
            ("core1", "core2", "access1"), ("seen", True)
        )
        assert all(one["changed"] > 5 for one in first.values())
        assert {(one["new"], one["changed"]) for one in again.values()} == {(False, 0)}
        assert sorted(link["ends"] for link in links) == ["both", "both", "both", "one"]
        assert sorted((run["kind"], run["found"], run["errors"]) for run in runs) == [("snmp", 0, 0), ("snmp", 3, 0)]
        monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path / "nowhere"))
        away = cli("discover", "snmp", "lab", "--home", home, "--json")
        assert "no server runs" in Folder(home).runs()[0]["places"][0]["why"]  # type: ignore[index]
        assert away.exit_code != 0


def test_a_target_of_another_kind_is_not_taken_for_a_name(tmp_path: Path) -> None:
    """`discover snmp rack`, where rack is looked at by SSH, is refused rather than resolved as a host."""
    collector(tmp_path, Enrolled("http://127.0.0.1:1", "nd_1", "nd_1"), bytes(32), 161)
    told = CliRunner().invoke(build(), ["discover", "snmp", "rack", "--home", str(tmp_path), "--dry-run"])
    assert isinstance(told.exception, Invalid) and "looked at by ssh, not by snmp" in str(told.exception)
