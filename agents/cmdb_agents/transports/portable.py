"""Reads a machine of any system by what psutil gives: the fallback where there is no /proc. It says what it lacks."""

from __future__ import annotations

import os
import platform as system
import socket
from collections.abc import Iterator

from cmdb_agents.addresses import shortest
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
    ("services", "units of the service manager"), ("sockets", "connections that were just closed"),
)  # fmt: skip
STATES = {"LISTEN": "LISTEN", "ESTABLISHED": "ESTABLISHED", "TIME_WAIT": "TIME_WAIT"}
MAX_SOCKETS = 50_000


class Portable:
    """A Transport to the machine this program runs on."""

    def read(self) -> Machine:
        """Everything in one pass."""
        sockets, troubles = _sockets()
        wanted = {pid for one in sockets for pid in one.pids} | {os.getpid()}
        return Machine(
            platform=_platform(),
            mounts=tuple(_mounts()),
            interfaces=tuple(_interfaces()),
            processes=tuple(_processes(wanted)),
            sockets=sockets,
            own_pid=os.getpid(),
            troubles=tuple(
                sorted({*troubles, *(Trouble(area, what, f"not read on {system.system()}") for area, what in LACKING)},
                       key=lambda t: (t.area, t.what, t.why))
            ),
        )  # fmt: skip


def _platform() -> Platform:
    import psutil

    said = system.uname()
    name, version = {"Darwin": ("macOS", system.mac_ver()[0])}.get(said.system, (said.system, said.version))
    return Platform(
        hostname=said.node,
        fqdn=said.node.lower() if "." in said.node else "",
        boot_id=f"{int(psutil.boot_time())}",
        os_release={"ID": name.lower(), "NAME": name, "PRETTY_NAME": f"{name} {version}", "VERSION_ID": version},
        kernel=said.release,
        architecture=said.machine,
        cpu_model=system.processor(),
        cpu_cores=psutil.cpu_count(logical=False) or 0,
        cpu_threads=psutil.cpu_count() or 0,
        memory_bytes=psutil.virtual_memory().total,
        swap_bytes=psutil.swap_memory().total,
        boot_time=int(psutil.boot_time()),
    )


def _mounts() -> Iterator[Mount]:
    import psutil

    for part in psutil.disk_partitions(all=False):
        try:
            size = psutil.disk_usage(part.mountpoint).total
        except OSError:
            size = None  # a drive without a disc
        yield Mount(part.mountpoint, part.device, part.fstype, "/", part.device, "ro" in part.opts.split(","), size)


def _interfaces() -> Iterator[Interface]:
    import psutil

    states = psutil.net_if_stats()
    for name, rows in sorted(psutil.net_if_addrs().items()):
        state = states.get(name)
        mac = next((r.address.lower().replace("-", ":") for r in rows if r.family == psutil.AF_LINK), "")
        loopback = any(r.address == "127.0.0.1" for r in rows)
        yield Interface(
            name=name,
            mac=mac,
            arp_type=772 if loopback else 1,
            device=not loopback,
            mtu=state.mtu if state else 0,
            speed=state.speed if state else 0,
            state="up" if state and state.isup else "down",
            addresses=tuple(
                Address(shortest(r.address), _prefix(r.netmask))
                for r in rows
                if r.family in (socket.AF_INET, socket.AF_INET6) and r.netmask
            ),
        )


def _prefix(netmask: str) -> int:
    family = socket.AF_INET6 if ":" in netmask else socket.AF_INET
    return int.from_bytes(socket.inet_pton(family, netmask), "big").bit_count()


def _sockets() -> tuple[tuple[Socket, ...], list[Trouble]]:
    import psutil

    try:
        rows = psutil.net_connections(kind="inet")
    except (psutil.AccessDenied, OSError):
        why = "permission denied"
        return (), [Trouble(area, "sockets of all programs", why, root_helps=True) for area in ("sockets", "services")]
    held: dict[Socket, set[int]] = {}
    for row in rows[:MAX_SOCKETS]:
        protocol = "tcp" if row.type == socket.SOCK_STREAM else "udp"
        state = STATES.get(row.status, "") if protocol == "tcp" else "ESTABLISHED" if row.raddr else "OPEN"
        if state and row.laddr:
            remote = (shortest(row.raddr.ip), row.raddr.port) if row.raddr else ("", 0)
            one = Socket(protocol, state, shortest(row.laddr.ip), row.laddr.port, *remote)
            held.setdefault(one, set()).update([row.pid] if row.pid else [])
    made = (Socket(s.protocol, s.state, s.local, s.local_port, s.remote, s.remote_port, tuple(sorted(pids)))
            for s, pids in held.items())  # fmt: skip
    return tuple(sorted(made, key=lambda s: (s.protocol, s.state, s.local, s.local_port, s.remote, s.remote_port))), []


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
