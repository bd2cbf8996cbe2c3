"""epicentre discover snmp against answering devices and a real server: what is cabled is in the graph."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from support.imported import edge, node
from support.questions import parts
from support.snmp_network import COMMUNITY, HOST_MAC, answering
from typer.testing import CliRunner, Result

from cmdb.store import Store
from cmdb.topology import topology
from cmdb.words import Role
from cmdb.words.device import Device
from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server
from cmdb_processes.cli import asking
from cmdb_processes.cli.discovery.rows import rows
from cmdb_processes.cli.discovery.targets import addresses
from cmdb_processes.cli.main import build

Cli = Callable[..., Result]
TARGETS = ("127.0.1.1", "127.0.1.2", "127.0.1.3")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the community."""
    file = tmp_path / "community"
    file.touch(0o600)
    file.write_text(f"{COMMUNITY}\n")
    return file


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line without a server."""
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path / "nowhere"))
    return lambda *words: CliRunner().invoke(build(), ["--plain", *map(str, words)])


@pytest.fixture
def cli(store: Store, tmp_path: Path) -> Iterator[Cli]:
    """The command line as an admin of a running server."""
    with parts(tmp_path / "home", store) as made:
        port = free_port()
        server = Server(create_app(made), "127.0.0.1", port)
        server.start()
        made.accounts.create_user("ada", [Role.ADMIN])
        token = tmp_path / "token"
        token.touch(0o600)
        token.write_text(made.accounts.create_token("ada", "tests"))
        first = ["--plain", "--url", f"http://127.0.0.1:{port}", "--token-file", str(token)]
        yield lambda *words: CliRunner().invoke(build(), [*first, *map(str, words)])
        server.stop()
    asking.OPTIONS.update(url=None, token_file=None, plain=False)


def discover(cli: Cli, port: int, secret: Path, *more: Any) -> Result:
    """Read the network."""
    return cli("discover", "snmp", *TARGETS, "--port", port, "--community", secret, "--allow-loopback", *more)


# --- without a server --------------------------------------------------------------------------------------


def test_a_dry_run_says_what_is_seen_and_sends_nothing(alone: Cli, secret: Path) -> None:
    """Devices, links with both ends, who was only heard of, and how many rows there would be; no server is needed."""
    with answering() as port:
        told = discover(alone, port, secret, "--dry-run", "--json")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert [(d["name"], d["vendor"], d["model"], d["ports"], d["problems"]) for d in facts["devices"]] == [
        (name, "Cisco", "WS-C3750G-24T", 4, []) for name in ("core1", "core2", "access1")
    ]
    assert {(j["word"], j["detail"].partition(": ")[2]) for j in facts["links"]} == {
        ("agreed", "127.0.1.1 Gi1/0/1 to 127.0.1.2 Gi1/0/1"),
        ("agreed", "127.0.1.1 Gi1/0/2 to 127.0.1.3 Gi1/0/1"),
        ("agreed", "127.0.1.2 Gi1/0/2 to 127.0.1.3 Gi1/0/2"),
        ("one-way", "127.0.1.3 Gi1/0/4 to 00:04:0d:00:00:09 P1"),
    }
    assert [p["name"] for p in facts["only_seen"]] == ["phone-9"]
    assert facts["dry_run"] is True and facts["rows"] > 20 and facts["outcomes"] == {}


def test_what_devices_said_can_be_understood_again(alone: Cli, secret: Path, tmp_path: Path) -> None:
    """Kept files give the same devices and links without a network; they hold no community, and others cannot read."""
    kept = tmp_path / "kept"
    with answering() as port:
        first = discover(alone, port, secret, "--dry-run", "--json", "--keep", kept)
    again = alone("discover", "snmp", "--from", kept, "--dry-run", "--json")
    assert json.loads(again.stdout) == json.loads(first.stdout)
    files = sorted(kept.iterdir())
    assert [f.name for f in files] == [f"{one}.walk.gz" for one in TARGETS]
    assert all(
        f.stat().st_mode & 0o077 == 0 and COMMUNITY.encode() not in gzip.decompress(f.read_bytes()) for f in files
    )


@pytest.mark.parametrize("words", [(), ("10.0.0.1", "--from", "."), ("--from", "/nonexistent")])
def test_targets_or_kept_files_are_needed(alone: Cli, words: tuple[str, ...]) -> None:
    """Neither, both, or a folder without any: refused before anything is asked."""
    told = alone("discover", "snmp", *words, "--dry-run")
    assert "name targets" in str(told.exception) or "no kept walk" in str(told.exception)


def test_the_community_is_shown_nowhere(alone: Cli, secret: Path) -> None:
    """Neither in text nor in JSON, whether devices answer or not."""
    with answering() as port:
        good = discover(alone, port, secret, "--dry-run")
    bad = discover(alone, free_port(), secret, "--dry-run")
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert COMMUNITY not in good.output + bad.output
    assert "not read: 127.0.1.1" in bad.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("127.0.0.1",), "with --allow-loopback"),
        (("169.254.169.254",), "link-local"),
        (("::ffff:169.254.169.254",), "link-local"),
        (("64:ff9b::a9fe:a9fe",), "link-local"),
        (("2002:a9fe:a9fe::1",), "link-local"),
        (("fe80::1",), "link-local"),
        (("224.0.0.1",), "no device's address"),
        (("0.0.0.0",), "no device's address"),
        (("10.0.0.0/8",), "more than 1024"),
        (("10.0.0.0/33",), "no network"),
        (("no-such-name.invalid",), "cannot be resolved"),
        (("10.0.0.1", "--version", "4"), "version: is 1 or 2c"),
        (("10.0.0.1", "--community", "public"), "never into the command"),
    ],
)
def test_what_is_not_asked_is_named(alone: Cli, words: tuple[str, ...], said: str) -> None:
    """A target that leads to this machine or its metadata service, a network too large, a secret in the command."""
    told = alone("discover", "snmp", *words, "--dry-run")
    assert told.exit_code != 0
    assert said in str(told.exception or told.output)


def test_a_network_is_all_its_hosts_once() -> None:
    """Two targets that overlap are asked once."""
    assert addresses(["10.0.0.0/30", "10.0.0.2", "10.0.0.9"]) == ("10.0.0.1", "10.0.0.2", "10.0.0.9")


@pytest.mark.parametrize(
    ("mode", "text", "said"),
    [
        (0o644, "c", "chmod 600"),
        (0o600, "", "is empty"),
        (0o600, "pass=x", "a line is none of"),
        (0o600, "user=me\nauth_key=short", "8 characters"),
    ],
)
def test_a_bad_credential_file_is_named_without_its_content(
    alone: Cli, tmp_path: Path, mode: int, text: str, said: str
) -> None:
    """Who could read it, or what is missing in it."""
    file = tmp_path / "reference"
    file.touch()
    file.chmod(mode)
    file.write_text(text)
    told = alone("discover", "snmp", "10.0.0.1", "--community", file, "--dry-run")
    assert said in str(told.exception or told.output)
    assert "short" not in str(told.exception or told.output)


def test_a_serial_number_of_two_devices_identifies_neither() -> None:
    """A copied serial number or engine id is left out of the rows, so that no two devices become one CI."""
    twins = [
        Device(f"10.0.0.{n}", f"sw{n}", vendor="Cisco", serial="SAME0001", engine_id="80000009aa", model=f"model {n}")
        for n in (1, 2)
    ]
    made = rows(topology(twins), {})
    assert {row["ref"] for row in made} == {"10.0.0.1", "10.0.0.2"}
    assert all("serial" not in row["attributes"] and "engine_id" not in row["attributes"] for row in made)


# --- into the graph ----------------------------------------------------------------------------------------


@pytest.mark.neo4j
def test_what_is_cabled_is_in_the_graph_and_twice_is_once(cli: Cli, store: Store, secret: Path, tmp_path: Path) -> None:
    """Devices, ports, addresses and links are created, a second run changes nothing, and VLANs need a domain."""
    with answering() as port:
        first = discover(cli, port, secret, "--json")
        again = discover(cli, port, secret, "--json")
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    counts = json.loads(first.stdout)["outcomes"]
    assert set(counts) == {"created"}
    assert json.loads(again.stdout)["outcomes"] == {"unchanged": counts["created"]}
    shown = json.loads(cli("ci", "show", "access1", "--json").stdout)
    assert shown["class"] == "NetworkDevice"
    assert json.loads(again.stdout)["rows"] == counts["created"]


@pytest.mark.neo4j
def test_a_host_with_one_switch_goes_down_with_it_and_is_at_risk_behind_two(
    cli: Cli, store: Store, secret: Path, tmp_path: Path
) -> None:
    """The forwarding table places a known host; its only switch takes it down, one of two cores does not."""
    known = tmp_path / "known.jsonl"
    lines = [
        node("Host", "web1", ref="h", fqdn="web1.example.net"),
        node("NetworkInterface", "eth0", ref="n", parent="h", key="eth0", mac=HOST_MAC),
        node("Application", "shop", ref="a", code="SHOP"),
        edge("DEPENDS_ON", "a", "h"),
    ]
    known.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert cli("import", known, "--source", "agents").exit_code == 0
    with answering() as port:
        assert discover(cli, port, secret).exit_code == 0
    lost = cli("impact", "access1")
    assert "web1" in lost.stdout and "DOWN" in lost.stdout
    core = cli("impact", "core1")
    assert "DOWN" not in "\n".join(line for line in core.stdout.splitlines() if "web1" in line or "access1" in line)
    both = cli("impact", "core1", "--also", "core2")
    assert any("web1" in line and "DOWN" in line for line in both.stdout.splitlines()), both.stdout
