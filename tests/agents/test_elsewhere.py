"""macOS and Windows: what psutil gives there becomes sections, a report, and the graph; and nothing else is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agents.psutil_elsewhere import pretend
from agents.scripted_door import enrolled_home, scripted_door
from support.reports import NOW

from cmdb.ingest import parse
from cmdb.store import Store
from cmdb.words import Section
from cmdb_agents import report
from cmdb_agents.reporter import same_boot
from cmdb_agents.run import look, unseen
from cmdb_agents.transports.portable import LACKING, Portable

SYSTEMS = ("macos", "windows")
SEEN = 1_795_100_000


def looked(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[dict[str, Section], tuple[str, ...]]:
    """The sections of the recorded machine, and what could not be seen."""
    pretend(monkeypatch, name)
    view, sections = look(Portable(), {}, SEEN)
    return {s.name: s for s in sections}, unseen(view)


def attributes(section: Section, key: str) -> dict[str, Any]:
    """The attributes of one item."""
    return next(dict(i.attributes) for i in section.items if i.key == key)


def test_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system by its own name, the volumes people use, interfaces by what they are, and the user's own sockets."""
    said, problems = looked(monkeypatch, "macos")
    host = attributes(said["host"], "self")
    assert (host["hostname"], host["fqdn"]) == ("anna-mbp", "anna-mbp.shop.example")
    assert (host["os_name"], host["kernel"], host["architecture"]) == ("macOS 14.6.1", "23.6.0", "arm64")
    assert "virtualisation" not in host
    assert "macs" not in host  # one that the system has made up for the day would be another machine tomorrow
    assert [i.key for i in said["filesystems"].items] == ["/", "/System/Volumes/Data", "/Volumes/Backup"]
    assert attributes(said["filesystems"], "/")["read_only"]
    assert "size_bytes" not in attributes(said["filesystems"], "/Volumes/Backup")
    kinds = {i.name: i.attributes["kind"] for i in said["network"].items if i.cls == "NetworkInterface"}
    assert kinds == {"lo0": "loopback", "gif0": "tunnel", "en0": "ethernet", "awdl0": "virtual", "bridge0": "bridge",
                     "utun0": "tunnel"}  # fmt: skip
    assert attributes(said["network"], "en0 2001:db8:20::31")["prefix_length"] == 64
    assert {i.key for i in said["services"].items} == {"postgres@5432", "serve@8000"}
    assert "hunter2" not in str(said["services"])
    assert [(k.source.key, k.target.key) for k in said["sockets"].links] == [("serve@8000", "tcp://10.20.0.7:5432")]
    others = [text for text in problems if "other users" in text]
    assert others == [f"{area}: sockets of other users' programs (permission denied); root would add it"
                      for area in ("services", "sockets")]  # fmt: skip


def test_a_windows_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drives, adapters, services by their programs, and connections, TIME_WAIT included; names without .exe."""
    said, _ = looked(monkeypatch, "windows")
    host = attributes(said["host"], "self")
    assert (host["os_name"], host["os_version"]) == ("Windows 2022 Server 10.0.20348", "10.0.20348")
    assert [i.key for i in said["filesystems"].items] == ["C:\\", "D:\\", "E:\\"]
    kinds = {i.name: i.attributes["kind"] for i in said["network"].items if i.cls == "NetworkInterface"}
    assert kinds == {"Ethernet0": "ethernet", "vEthernet (nat)": "virtual", "Local Area Connection* 1": "virtual",
                     "Loopback Pseudo-Interface 1": "loopback"}  # fmt: skip
    assert attributes(said["network"], "Ethernet0")["mac"] == "00:50:56:a1:0b:22"
    # For IPv6 psutil has no mask there, or by mistake the one of the IPv4 address before.
    for address in ("2001:db8:20::41", "fe80::8c1:7a3e:55d1:9b20"):
        assert "prefix_length" not in attributes(said["network"], f"Ethernet0 {address}")
    assert {i.key for i in said["services"].items} == {"System@139", "svchost@135", "svchost@123", "sqlservr@1433",
                                                       "OrderService@8080", "lsass"}  # fmt: skip
    orders = attributes(said["services"], "OrderService@8080")
    assert (orders["user"], "s3cretpass" in orders["command"]) == ("SHOP\\svc_orders", False)
    depends = {(k.source.key, k.type, k.target.key) for k in said["sockets"].links}
    assert ("OrderService@8080", "DEPENDS_ON", "tcp://10.20.0.90:5672") in depends
    assert ("self", "COMMUNICATES_WITH", "tcp://10.20.0.53:88") in depends  # closed already, and seen
    assert said["sockets"].complete


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_it_lacks_is_said(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each section that psutil cannot fill names the system and is incomplete, so nothing of it is ever taken back."""
    said, _ = looked(monkeypatch, name)
    incomplete = {s.name for s in said.values() if not s.complete}
    assert incomplete == {area for area, _ in LACKING} | ({"sockets"} if name == "macos" else set())
    wanted = {"macos": "Darwin", "windows": "Windows"}[name]
    assert all(any(wanted in p.why for p in said[area].problems) for area, _ in LACKING)


@pytest.mark.neo4j
def test_both_in_the_graph(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    """Their reports pass the front door's checks as they are sent, and become hosts with services and dependencies."""
    for number, name in enumerate(SYSTEMS, start=1):
        said, _ = looked(monkeypatch, name)
        pieces = report.compose(
            report.state(said.values()), {}, report_id=f"{number}" * 32, node=f"nd_{name}", boot_id="1795000000", seq=1,
            taken_at="2026-11-20T00:00:00Z",
        )  # fmt: skip
        store.apply(parse(b"".join(pieces)), NOW)
    counted = store.counts()
    assert {cls: counted[cls] for cls in ("Host", "Filesystem", "NetworkInterface", "OperatingSystem", "Service")} == {
        "Host": 2, "Filesystem": 6, "NetworkInterface": 10, "OperatingSystem": 2, "Service": 8,
    }  # fmt: skip
    rows = {row["id"]: row["name"] for row in store.find(None, first=1000)}
    edges = {
        (rows[e.source], e.type, rows[e.target]) for e in store.edges(list(rows), "out", ["DEPENDS_ON", "RUNS_ON"])
    }
    assert {("OrderService", "DEPENDS_ON", "sqlservr"), ("OrderService", "DEPENDS_ON", "tcp://10.20.0.90:5672"),
            ("serve", "DEPENDS_ON", "tcp://10.20.0.7:5432"), ("serve", "RUNS_ON", "anna-mbp")} <= edges  # fmt: skip


ELSEWHERE = """
import sys, os, json, signal, socket, sqlite3, ssl, subprocess, threading, tempfile, random, argparse, pathlib, glob
import asyncio, platform, nacl.signing, urllib.parse, shlex, ctypes, zlib
sys.path[:0] = json.loads(sys.argv[1])
from agents.psutil_elsewhere import platform_of, recorded, stand_in
name, system = sys.argv[2:4]
said = recorded(name)
hidden = {"psutil", *sys.argv[4].split(",")}
for module in [m for m in sys.modules if m in hidden or m.split(".")[0] in ("cmdb", "cmdb_agents")]:
    del sys.modules[module]
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in hidden:
            raise ModuleNotFoundError(f"there is no {name} on {system}", name=name)
sys.meta_path.insert(0, Hidden())
if system == "win32":
    for gone in ("geteuid", "getuid", "getegid", "getgid", "uname", "statvfs", "O_CLOEXEC", "getloadavg", "sysconf"):
        delattr(os, gone)
    for gone in ("AF_NETLINK", "NETLINK_ROUTE", "AF_UNIX"):
        delattr(socket, gone)
    locked = []
    class msvcrt:
        LK_NBLCK = 2
        locking = staticmethod(lambda *given: locked.append(given))
    sys.modules["msvcrt"] = msvcrt
else:
    for gone in ("AF_NETLINK", "NETLINK_ROUTE"):
        delattr(socket, gone)
sys.platform = system
sys.modules["psutil"] = stand_in(said)
from cmdb_agents.transports import footprint, portable
footprint.STATUS = pathlib.Path("/there/is/no/proc")
portable.system = platform_of(said["platform"])
portable_names = [m.name for m in __import__("pkgutil").iter_modules(__import__("cmdb_agents").__path__)]
import importlib
for module in portable_names:
    if module not in ("discover", "main"):  # the one is a server's, the other comes below
        importlib.import_module(f"cmdb_agents.{module}")
from cmdb_agents.main import main
main(sys.argv[5:])
"""
"""Loads the agent as on a system that has not what is hidden, and runs the command there."""
GONE = {"win32": "fcntl,pwd,grp,resource,termios,posix_ipc", "darwin": "spwd"}


def elsewhere(name: str, system: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as it runs on this system."""
    paths = json.dumps([str(Path(__file__).parents[1])])
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE, paths, name, system, GONE[system], *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "system"), [("macos", "darwin"), ("windows", "win32")])
def test_the_command_runs_where_unix_is_not(tmp_path: Path, name: str, system: str) -> None:
    """Every module of the agent is imported, and it shows and sends reports, without what Linux alone has."""
    shown = elsewhere(name, system, "show", "host")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert {"macos": "anna-mbp", "windows": "ORDERS1"}[name] in shown.stdout
    with scripted_door() as door:
        home = enrolled_home(tmp_path / "home", door.url)
        sent = elsewhere(name, system, "--home", str(home.path), "once")
        assert (sent.returncode, sent.stderr) == (0, "")
        assert sent.stdout.startswith("report 1: accepted\n")
        assert len(door.reports) == 1
    refused = elsewhere(name, system, "install", "--url", "https://x", "--token-file", "none")
    assert (refused.returncode, f"which {system} has not" in refused.stderr) == (3, True)


def test_a_start_that_moves_with_the_clock_is_one_boot() -> None:
    """Without an id of its own a boot is known by its time; some seconds more or less are no other machine."""
    assert same_boot("1795000000", "1795000002")
    assert same_boot("1795000002", "1794999990")
    assert not same_boot("1795000000", "1795003600")
    assert not same_boot("", "1795000000")
    assert not same_boot("7f9c2ba4-e88f-4d8f-9c0a-1a2b3c4d5e6f", "7f9c2ba4-e88f-4d8f-9c0a-1a2b3c4d5e6e")
