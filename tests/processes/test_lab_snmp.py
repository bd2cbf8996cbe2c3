"""The lab's switches by SNMP and its hosts by SSH, in a real graph: what is cabled is there, and impact follows it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.lab import (
    ALSO,
    ATTACHED,
    CABLES,
    CALLED,
    COMMUNITY,
    HOSTS,
    LOOKED_AT,
    MANAGED,
    SILENT,
    Lab,
    lab,
    managed,
    permitted,
)  # fmt: skip
from support.signed_in import admins_door
from support.ssh_server import pin
from typer.testing import CliRunner, Result

from cmdb.store import Store
from cmdb_agents.deliver import Verdict
from cmdb_agents.discover.kind import Task
from cmdb_agents.discover.kinds.ssh import SSH
from cmdb_agents.discover.send import Collector, send
from cmdb_agents.home import Enrolled
from cmdb_agents.signing import Signer
from cmdb_processes.cli.main import build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.neo4j,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not permitted(), reason="network namespaces or the OpenSSH server are not to be had here"),
    pytest.mark.skipif(not managed(), reason="snmpd or lldpd is not installed (Debian: apt install snmpd lldpd)"),
]
Cli = Callable[..., Result]


@pytest.fixture
def cli(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """The command line of a server that was told by SSH of the lab's hosts, then by SNMP of its switches."""
    with lab(tmp_path / "lab") as standing, admins_door(tmp_path, store, monkeypatch) as door:
        sender = door.enrolled(collector=True)
        enrolled = Enrolled(f"http://127.0.0.1:{door.port}", sender.node, sender.node)
        _by_ssh(standing, Collector(enrolled, Signer(sender.node, bytes(sender.key))), tmp_path)
        while door.services.applier.step():
            pass
        kept = _by_snmp(standing, tmp_path)
        run: Cli = lambda *words: CliRunner().invoke(build(), ["--plain", *map(str, words)])  # noqa: E731
        told = run("discover", "snmp", "--from", kept, "--json")
        assert told.exit_code == 0, told.output
        yield run


def _by_ssh(standing: Lab, collector: Collector, folder: Path) -> None:
    """Look at every host from within the lab, and report it from without, where the server is."""
    now = time.time()
    for name in LOOKED_AT:
        server = standing.servers[name]
        pin(folder / "ssh", server.place, server.host_key)
        task = Task(server.place, folder / "ssh", (standing.secret,), now=int(now))
        sight = standing.from_within("collector", partial(SSH.look, task))
        outcome, _ = send(collector, collector.node(name), folder / f"{name}.db", sight, now)
        assert outcome.verdict is Verdict.ACCEPTED


def _by_snmp(standing: Lab, folder: Path) -> Path:
    """Keep what every switch says to one who asks from within the lab."""
    standing.acquaint()
    secret = folder / "community"
    secret.touch(0o600)
    secret.write_text(COMMUNITY)
    places = (*MANAGED.values(), *ALSO.values())
    words = ["discover", "snmp", *places, "--community", secret, "--dry-run", "--keep", folder / "kept"]
    told = standing.from_within("collector", lambda: CliRunner().invoke(build(), list(map(str, words))))
    assert told.exit_code == 0, told.output
    return folder / "kept"


def asked(cli: Cli, *words: str) -> Any:
    """The JSON of a command."""
    told = cli(*words, "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def down(answer: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The hosts that go down, and those with nothing to spare any more."""
    hosts = {one["ci"]["name"] for one in answer["items"] if one["ci"]["name"] in HOSTS and one["degree"] == "DOWN"}
    return hosts, {one["name"] for one in answer["atRisk"] if one["name"] in HOSTS}


def test_what_is_cabled_is_found_and_what_hangs_on_a_switch_falls_with_it(cli: Cli) -> None:
    """Every declared link with both ports, none invented: parallel ones and those of a LAG apart, what one end alone
    says marked, who does not answer as a placeholder. A device of two addresses is one, look-alikes are two. A host
    with one uplink goes down, with two is at risk."""
    found = asked(cli, "topology")
    links = {frozenset({(j["a"]["name"], j["aPort"]), (j["b"]["name"], j["bPort"])}): j["ends"] for j in found["links"]}
    assert links == CABLES
    assert len(found["links"]) == len(CABLES)
    hosts = {(j["ci"]["name"], j["to"]["name"]) for j in found["attachments"] if j["ci"]["name"] in HOSTS}
    assert hosts == ATTACHED
    assert all(j["ageSeconds"] is not None for j in (*found["links"], *found["attachments"]))
    devices = sorted(one["name"] for one in asked(cli, "ci", "list", "NetworkDevice")["nodes"])
    assert devices == sorted([SILENT, *(CALLED.get(name, name) for name in MANAGED)])
    bundled = {one["name"] for one in asked(cli, "ci", "list", "NetworkInterface", "--filter", "master=po1")["nodes"]}
    assert bundled == {"to-sw3", "to-sw3b", "to-sw1", "to-sw1b"}
    assert down(asked(cli, "impact", "sw2")) == ({"web1", "app1"}, {"mon1"})
    assert down(asked(cli, "impact", "sw3")) == ({"db1"}, {"mon1"})
    assert down(asked(cli, "impact", "sw2", "--also", "sw3"))[0] == set(LOOKED_AT)
    assert down(asked(cli, "impact", "sw1"))[0] == set(LOOKED_AT)
