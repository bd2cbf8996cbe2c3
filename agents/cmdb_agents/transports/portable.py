"""Reads a machine of any system by what psutil gives: the fallback where there is no /proc. It says what it lacks."""

from __future__ import annotations

import os
import platform as system
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from cmdb_agents.addresses import shortest
from cmdb_agents.transports.portable_names import interface_kind
from cmdb_agents.transports.readings import (
    Address,
    Interface,
    Machine,
    Mount,
    Platform,
    Process,
    Socket,
    Trouble,
)

LACKING = (
    ("host", "hardware and firmware"), ("network", "what carries an interface"), ("storage", "disks"),
    ("packages", "installed packages"), ("accounts", "user accounts"), ("neighbours", "neighbours"),
    ("certificates", "certificates"), ("configuration", "configuration files"), ("containers", "containers"),
    ("services", "units of the service manager"),
)  # fmt: skip
"""(section, what is missing from it) on every system that is read this way."""
JUST_CLOSED = ("sockets", "connections that were just closed")
"""Windows alone tells of them: elsewhere they have no file of a process any more."""
STATES = {"LISTEN": "LISTEN", "ESTABLISHED": "ESTABLISHED", "TIME_WAIT": "TIME_WAIT"}
EPHEMERAL = {"Darwin": (49152, 65535), "Windows": (49152, 65535)}
MAX_SOCKETS = 50_000


class Portable:
    """A Transport to the machine this program runs on."""

    def __init__(self) -> None:
        self._started = 0

    def read(self) -> Machine:
        """Everything in one pass."""
        import psutil

        name = system.system()
        self._started = self._started or int(psutil.boot_time())  # once: it moves with the clock
        sockets, troubles = _sockets()
        wanted = {pid for one in sockets for pid in one.pids} | {os.getpid()}
        lacking = LACKING if name == "Windows" else (*LACKING, JUST_CLOSED)
        said = {*troubles, *(Trouble(area, what, f"not read on {name}") for area, what in lacking)}
        said.add(Trouble("network", "which IPv6 addresses are temporary", f"not read on {name}", hides=False))
        return Machine(
            platform=_platform(self._started),
            mounts=tuple(_mounts()),
            interfaces=tuple(_interfaces(name)),
            processes=tuple(_processes(wanted)),
            sockets=sockets,
            ephemeral=EPHEMERAL.get(name, (32768, 60999)),
            own_pid=os.getpid(),
            troubles=tuple(sorted(said, key=lambda t: (t.area, t.what, t.why))),
        )


def _platform(started: int) -> Platform:
    import psutil

    said = system.uname()
    identity, name, version, kernel = _release(said)
    return Platform(
        hostname=said.node,
        fqdn=said.node.lower() if "." in said.node else "",
        boot_id=f"{started}",
        os_release={"ID": identity, "NAME": name, "PRETTY_NAME": f"{name} {version}", "VERSION_ID": version},
        kernel=kernel,
        architecture=said.machine,
        cpu_model=system.processor(),
        cpu_cores=psutil.cpu_count(logical=False) or 0,
        cpu_threads=psutil.cpu_count() or 0,
        memory_bytes=psutil.virtual_memory().total,
        swap_bytes=psutil.swap_memory().total,
        boot_time=started,
    )


def _release(said: system.uname_result) -> tuple[str, str, str, str]:
    """(id, name, version, kernel) of the operating system, as its users call it."""
    if said.system == "Darwin":
        return "macos", "macOS", system.mac_ver()[0], said.release
    if said.system == "Windows":  # uname has 10 or 2022Server, and the build
        return "windows", f"Windows {said.release.replace('Server', ' Server')}", said.version, said.version
    return said.system.lower(), said.system, said.release, said.release


def _mounts() -> Iterator[Mount]:
    import psutil

    for part in psutil.disk_partitions(all=False):
        try:
            size = psutil.disk_usage(part.mountpoint).total
        except OSError:
            size = None  # a drive without a disc
        yield Mount(part.mountpoint, part.device, part.fstype, "/", part.device, "ro" in part.opts.split(","), size)


def _interfaces(name: str) -> Iterator[Interface]:
    import psutil

    states = psutil.net_if_stats()
    for interface, rows in sorted(psutil.net_if_addrs().items()):
        state = states.get(interface)
        mac = next((r.address.lower().replace("-", ":") for r in rows if r.family == psutil.AF_LINK), "")
        loopback = any(r.address in ("127.0.0.1", "::1") for r in rows)
        kind = interface_kind(name, interface)
        yield Interface(
            name=interface,
            mac=mac,
            arp_type=772 if loopback else 1,
            devtype="" if kind in ("ethernet", "virtual", "tunnel") else kind,
            device=kind == "ethernet" and not loopback,
            tun=kind == "tunnel",
            mtu=state.mtu if state and state.mtu < 2**31 else 0,  # Windows has 2**32 - 1 for its loopback
            speed=state.speed if state else 0,
            state="up" if state and state.isup else "down",
            addresses=tuple(
                Address(shortest(r.address), _prefix(r.address, r.netmask))
                for r in rows
                if r.family in (socket.AF_INET, socket.AF_INET6)
            ),
        )


def _prefix(address: str, netmask: str | None) -> int:
    """The length of the prefix, 0 where it is not told: Windows has none for IPv6, or one of IPv4 by mistake."""
    if not netmask or (":" in address) != (":" in netmask):
        return 0
    family = socket.AF_INET6 if ":" in netmask else socket.AF_INET
    return int.from_bytes(socket.inet_pton(family, netmask), "big").bit_count()


def _connections() -> tuple[Iterable[tuple[Any, int | None]], bool]:
    """((connection, pid) of the machine, whether these are all): macOS shows other users' ones to root only."""
    import psutil

    try:
        return [(row, row.pid) for row in psutil.net_connections(kind="inet")], True
    except (psutil.AccessDenied, OSError):
        return _own_connections(), False


def _own_connections() -> Iterator[tuple[Any, int | None]]:
    import psutil

    for process in psutil.process_iter():
        try:
            rows = process.net_connections(kind="inet")
        except (psutil.Error, OSError):
            continue
        yield from ((row, process.pid) for row in rows)


def _sockets() -> tuple[tuple[Socket, ...], list[Trouble]]:
    rows, whole = _connections()
    held: dict[Socket, set[int]] = {}
    for row, pid in rows:
        if len(held) >= MAX_SOCKETS:
            return _with_pids(held), [Trouble("sockets", f"sockets after the first {MAX_SOCKETS}", "truncated")]
        protocol = "tcp" if row.type == socket.SOCK_STREAM else "udp"
        state = STATES.get(row.status, "") if protocol == "tcp" else "ESTABLISHED" if row.raddr else "OPEN"
        if state and row.laddr:
            remote = (shortest(row.raddr.ip), row.raddr.port) if row.raddr else ("", 0)
            one = Socket(protocol, state, shortest(row.laddr.ip), row.laddr.port, *remote)
            held.setdefault(one, set()).update([pid] if pid else [])
    what, why = "sockets of other users' programs", "permission denied"
    areas = () if whole else ("sockets", "services")
    return _with_pids(held), [Trouble(area, what, why, root_helps=True) for area in areas]


def _with_pids(held: dict[Socket, set[int]]) -> tuple[Socket, ...]:
    made = (Socket(s.protocol, s.state, s.local, s.local_port, s.remote, s.remote_port, tuple(sorted(pids)))
            for s, pids in held.items())  # fmt: skip
    return tuple(sorted(made, key=lambda s: (s.protocol, s.state, s.local, s.local_port, s.remote, s.remote_port)))


def _processes(wanted: set[int]) -> Iterator[Process]:
    """The processes that hold sockets, and their ancestors."""
    import psutil

    seen: set[int] = set()
    fields = ["ppid", "create_time", "name", "cmdline", "exe", "username"]
    while wanted := wanted - seen - {0}:
        seen |= wanted
        parents: set[int] = set()
        for pid in sorted(wanted):
            try:
                said = psutil.Process(pid).as_dict(fields)
            except psutil.Error:
                continue  # it ended meanwhile
            parents.add(said["ppid"] or 0)
            yield Process(
                pid,
                said["ppid"] or 0,
                int(said["create_time"] or 0),
                said["name"] or "",
                tuple(said["cmdline"] or ()),
                said["exe"] or "",
                said["username"] or "",
            )
        wanted = parents
