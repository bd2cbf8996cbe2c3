"""psutil and the standard library's `platform` as they answer on another system: recorded values at the outermost edge.

The shapes are psutil's own (its errors are the real ones, its rows carry the fields it documents); the values of a
file in `agents/recordings/psutil` are what it gives on such a machine.
"""

from __future__ import annotations

import json
import platform
import socket
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from cmdb_agents.transports import portable

FOLDER = Path(__file__).parents[2] / "agents" / "recordings" / "psutil"
Address = namedtuple("Address", "ip port")  # as psutil has it
AF_LINK = -1000
FAMILIES = {"AF_INET": socket.AF_INET, "AF_INET6": socket.AF_INET6, "AF_LINK": AF_LINK}


def recorded(name: str) -> dict[str, Any]:
    """The values of one system."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def pretend(monkeypatch: pytest.MonkeyPatch, name: str) -> dict[str, Any]:
    """Whoever asks psutil or `platform` for the machine hears of the recorded one, until the test ends."""
    said = recorded(name)
    monkeypatch.setitem(sys.modules, "psutil", stand_in(said))
    monkeypatch.setattr(portable, "system", platform_of(said["platform"]))
    return said


def platform_of(said: dict[str, str]) -> SimpleNamespace:
    """What of the module `platform` is asked."""
    uname = SimpleNamespace(**{name: said[name] for name in ("system", "node", "release", "version", "machine")})
    return SimpleNamespace(
        system=lambda: said["system"],
        uname=lambda: uname,
        processor=lambda: said["processor"],
        mac_ver=lambda: (said["mac_ver"], ("", "", ""), said["machine"]),
        uname_result=platform.uname_result,
    )


def stand_in(said: dict[str, Any]) -> ModuleType:
    """A module that answers as psutil does there."""
    made: Any = ModuleType("psutil")
    for error in ("Error", "AccessDenied", "NoSuchProcess", "ZombieProcess"):
        setattr(made, error, getattr(psutil, error))
    made.AF_LINK = AF_LINK
    made.boot_time = lambda: said["boot_time"]
    made.cpu_count = lambda logical=True: said["threads" if logical else "cores"]
    made.virtual_memory = lambda: SimpleNamespace(total=said["memory"])
    made.swap_memory = lambda: SimpleNamespace(total=said["swap"])
    sizes = {row[1]: row[4] for row in said["disk_partitions"]}
    names = ("device", "mountpoint", "fstype", "opts")
    made.disk_partitions = lambda **_: [
        SimpleNamespace(**dict(zip(names, row[:4], strict=True))) for row in said["disk_partitions"]
    ]

    def disk_usage(path: str) -> SimpleNamespace:
        if sizes[path] is None:
            raise PermissionError(21, "the device is not ready")
        return SimpleNamespace(total=sizes[path])

    made.disk_usage = disk_usage
    made.net_if_addrs = lambda: {
        name: [SimpleNamespace(family=FAMILIES[f], address=a, netmask=m, broadcast=None, ptp=None) for f, a, m in rows]
        for name, rows in said["net_if_addrs"].items()
    }
    made.net_if_stats = lambda: {
        name: SimpleNamespace(isup=isup, duplex=0, speed=speed, mtu=mtu, flags="")
        for name, (isup, speed, mtu) in said["net_if_stats"].items()
    }
    made.net_connections = lambda kind: _all(said)
    own = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=23 * 2**20))
    made.Process = lambda pid=None: own if pid is None else _Process(said, pid)
    made.process_iter = lambda: iter([_Process(said, int(pid)) for pid in said["processes"]])
    return made  # type: ignore[no-any-return]  # it was made as a module above


def _all(said: dict[str, Any]) -> list[SimpleNamespace]:
    if said["net_connections"] is None:
        raise psutil.AccessDenied(pid=97)
    return list(_rows(said["net_connections"]))


def _rows(rows: list[list[Any]]) -> Iterator[SimpleNamespace]:
    for family, kind, local, remote, status, *pid in rows:
        yield SimpleNamespace(
            fd=-1, family=FAMILIES[family], type=getattr(socket, kind), laddr=Address(*local),
            raddr=Address(*remote) if remote else (), status=status, pid=pid[0] if pid else None,
        )  # fmt: skip


class _Process:
    def __init__(self, said: dict[str, Any], pid: int) -> None:
        if str(pid) not in said["processes"]:
            raise psutil.NoSuchProcess(pid)
        self.pid, self._said = pid, said["processes"][str(pid)]

    def as_dict(self, fields: list[str]) -> dict[str, Any]:
        """The fields, None where the system refuses one."""
        return {name: self._said[name] for name in fields}

    def net_connections(self, kind: str) -> list[SimpleNamespace]:
        """The sockets of this process, of one's own only."""
        if self._said.get("connections") is None:
            raise psutil.AccessDenied(self.pid)
        return list(_rows(self._said["connections"]))
