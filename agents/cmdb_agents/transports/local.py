"""Reads a Linux machine through its `Hands`: this one (`Local`), or one that was captured over SSH.

It knows no CI. Each reading is guarded alone: what fails becomes a Trouble and the rest goes on. Sockets and
processes are read from /proc directly: psutil needs four times the CPU for the same rows and names only one of
several processes that hold a socket. psutil gives the interface addresses.

Longer than other files on purpose: whatever is read from a machine stands in one place, to be reviewed as one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from cmdb.errors import Misconfigured
from cmdb_agents.addresses import endpoint, shortest
from cmdb_agents.transports import procfs
from cmdb_agents.transports.hands import Hands
from cmdb_agents.transports.here import Here
from cmdb_agents.transports.readings import (
    Address,
    Container,
    Interface,
    Machine,
    Mount,
    Platform,
    Process,
    Socket,
    Trouble,
    Unit,
)

MAX_FILE = 16 * 2**20  # a /proc/net/tcp of 100,000 rows
MAX_SMALL = 64 * 2**10
MAX_PIDS, MAX_FDS, MAX_ARGS = 20_000, 20_000, 256
MAX_NAMESPACES = 100
MAX_INTERFACES, MAX_MOUNTS, MAX_CONTAINERS = 1_000, 2_000, 1_000
COMMAND_SECONDS = 10
NETWORK_TYPES = ("nfs", "cifs", "smb", "ceph", "glusterfs", "9p", "virtiofs", "afs", "fuse", "autofs", "zfs")
"""Types whose statvfs can block for ever (a server that is gone) or gives a size that moves (zfs, a shared pool)."""
DMI = (
    "sys_vendor", "product_name", "product_uuid", "product_serial", "board_serial", "chassis_serial", "bios_version",
)  # fmt: skip
COMMAND = [
    "systemctl", "show", "--no-pager", "*.service",
    "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Type,MainPID,User,ExecStart",
]  # fmt: skip

T = TypeVar("T")


class Reader:
    """A Transport to the machine behind some hands."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._troubles: list[Trouble] = []
        self._blind = False
        self._users: dict[str, str] = {}
        self._cpu: tuple[str, int, int, bool] | None = None

    def read(self) -> Machine:
        """Everything in one pass."""
        self._troubles = []
        # Read as a file: the name service may ask a directory over the network, and block.
        self._users = procfs.users(self._line("/etc/passwd"))
        none: tuple[tuple[Process, ...], tuple[Socket, ...]] = ((), ())
        containers: tuple[Container, ...] = self._guard("services", self._containers, ())
        units = self._guard("services", self._units, None)
        processes, sockets = self._guard("services", lambda: self._processes(units or ()), none)
        return Machine(
            platform=self._guard("host", self._platform, Platform()),
            mounts=self._guard("filesystems", self._mounts, ()),
            interfaces=self._guard("network", self._interfaces, ()),
            units=units,
            containers=containers,
            processes=processes,
            sockets=sockets,
            ephemeral=self._guard("sockets", self._ephemeral, (32768, 60999)),
            own_pid=self._hands.pid,
            troubles=tuple(sorted(set(self._troubles), key=lambda t: (t.area, t.what, t.why))),
        )

    # --- small hands ---------------------------------------------------------------------------------------

    def _guard(self, area: str, reading: Callable[[], T], otherwise: T) -> T:
        try:
            return reading()
        except (OSError, ValueError, IndexError, KeyError) as error:
            self._trouble(area, f"the {area} reading", f"{type(error).__name__}: {_why(error)}")
            return otherwise

    def _trouble(self, area: str, what: str, why: str, root_helps: bool = False) -> None:
        self._troubles.append(Trouble(area, what, why, root_helps and not self._hands.superuser))

    def _text(self, path: str, limit: int = MAX_SMALL) -> str:
        return self._hands.text(path, limit)

    def _line(self, path: str) -> str:
        try:
            return self._text(path).strip()
        except (OSError, ValueError):
            return ""

    # --- the machine ---------------------------------------------------------------------------------------

    def _platform(self) -> Platform:
        hostname, kernel, architecture = self._hands.system()
        if self._cpu is None:  # reading cpuinfo wakes every core, so once per life of the agent
            self._cpu = procfs.cpu(self._text("/proc/cpuinfo", 4 * 2**20))
        model, cores, threads, virtual = self._cpu
        memory = dict(line.split(":", 1) for line in self._text("/proc/meminfo").splitlines() if ":" in line)
        return Platform(
            hostname=hostname,
            fqdn=procfs.fqdn(hostname, self._line("/etc/hosts").splitlines()),
            machine_id=self._line("/etc/machine-id") or self._line("/var/lib/dbus/machine-id"),
            boot_id=self._line("/proc/sys/kernel/random/boot_id"),
            dmi=self._dmi(),
            os_release=procfs.assignments(self._line("/etc/os-release") or self._line("/usr/lib/os-release")),
            kernel=kernel,
            architecture=architecture,
            cpu_model=model,
            cpu_cores=cores,
            cpu_threads=threads or self._hands.threads(),
            cpu_flags_hypervisor=virtual,
            container=self._container(),
            memory_bytes=_kib(memory.get("MemTotal")),
            swap_bytes=_kib(memory.get("SwapTotal")),
        )

    def _dmi(self) -> dict[str, str]:
        found = {}
        for name in DMI:
            try:
                found[name] = self._text(f"/sys/class/dmi/id/{name}", 4096).strip()
            except PermissionError:
                self._trouble("host", "serial numbers and the SMBIOS UUID", "permission denied", root_helps=True)
            except OSError:
                continue  # virtual machines and ARM boards may have no firmware tables: nothing is hidden then
        return found

    def _container(self) -> str:
        try:
            lines = self._text("/proc/1/environ").split("\0")
        except OSError:
            lines = [f"container={self._line('/run/systemd/container')}"]
        markers = {"docker": "/.dockerenv", "podman": "/run/.containerenv"}
        return procfs.container_of(
            procfs.assignments("\n".join(x for x in lines if x.startswith("container="))),
            {name: self._hands.exists(path) for name, path in markers.items()},
        )

    def _mounts(self) -> tuple[Mount, ...]:
        rows = list(procfs.mounts(self._text("/proc/self/mountinfo", MAX_FILE)))
        if len(rows) > MAX_MOUNTS:
            self._trouble("filesystems", f"mounts after the first {MAX_MOUNTS}", "truncated")
        return tuple(replace(m, size_bytes=self._size(m)) for m in rows[:MAX_MOUNTS])

    def _size(self, mount: Mount) -> int | None:
        device = mount.device.startswith("/") or mount.type in ("overlay", "btrfs")
        if not device or (mount.type.startswith(NETWORK_TYPES) and mount.type != "fuseblk"):
            return None
        try:
            return self._hands.size(mount.mount_point)
        except OSError as error:
            self._trouble("filesystems", f"the size of {mount.mount_point[:200]}", _why(error), root_helps=True)
            return None

    # --- the network ---------------------------------------------------------------------------------------

    def _interfaces(self) -> tuple[Interface, ...]:
        names = sorted(self._hands.names("/sys/class/net"))
        if len(names) > MAX_INTERFACES:
            self._trouble("network", f"interfaces after the first {MAX_INTERFACES}", "truncated")
        temporary = procfs.temporary_addresses(self._line("/proc/net/if_inet6"))
        addresses = self._hands.addresses()
        return tuple(
            self._interface(name, tuple(replace(a, temporary=a.address in temporary) for a in addresses.get(name, ())))
            for name in names[:MAX_INTERFACES]
            if self._hands.is_folder(f"/sys/class/net/{name}")  # bonding_masters is a file
        )

    def _interface(self, name: str, addresses: tuple[Address, ...]) -> Interface:
        base = f"/sys/class/net/{name}"
        assigned = self._line(f"{base}/addr_assign_type")
        return Interface(
            name=name,
            mac=self._line(f"{base}/address").lower(),
            assign_type=int(assigned) if assigned.isdigit() else None,
            slave_mac=self._line(f"{base}/bonding_slave/perm_hwaddr").lower(),
            arp_type=_number(self._line(f"{base}/type")),
            devtype=procfs.assignments(self._line(f"{base}/uevent")).get("DEVTYPE", ""),
            device=self._hands.exists(f"{base}/device"),
            tun=self._hands.exists(f"{base}/tun_flags"),
            master=self._link(f"{base}/master").rpartition("/")[2],
            mtu=_number(self._line(f"{base}/mtu")),
            speed=_number(self._line(f"{base}/speed")),  # -1 or EINVAL while there is no carrier
            state=self._line(f"{base}/operstate"),
            addresses=addresses,
        )

    def _link(self, path: str) -> str:
        try:
            return self._hands.link(path)
        except OSError:
            return ""

    def _ephemeral(self) -> tuple[int, int]:
        low, high = self._text("/proc/sys/net/ipv4/ip_local_port_range").split()
        return int(low), int(high)

    # --- services and sockets ------------------------------------------------------------------------------

    def _units(self) -> tuple[Unit, ...] | None:
        if not self._hands.is_folder("/run/systemd/system"):
            return None
        try:
            return tuple(procfs.units(self._hands.output(COMMAND, COMMAND_SECONDS, MAX_FILE)))
        except FileNotFoundError:
            self._trouble("services", "systemd units", "missing command systemctl")
        except TimeoutError:
            self._trouble("services", "systemd units", f"systemctl timed out after {COMMAND_SECONDS} s")
        except OSError as error:
            self._trouble("services", "systemd units", _why(error))
        return None

    def _containers(self) -> tuple[Container, ...]:
        seen: dict[str, Container] = {}
        for path in self._hands.runtimes():
            try:
                rows = self._hands.containers(path)
            except PermissionError:
                self._trouble("services", f"containers at {path}", "permission denied", root_helps=True)
            except (OSError, ValueError) as error:
                self._trouble("services", f"containers at {path}", _why(error))
            else:
                if len(rows) > MAX_CONTAINERS:
                    self._trouble("services", f"containers after the first {MAX_CONTAINERS}", "truncated")
                seen |= {c.id: c for c in map(_container, rows[:MAX_CONTAINERS])}
        return tuple(seen[key] for key in sorted(seen))

    def _processes(self, units: Iterable[Unit]) -> tuple[tuple[Process, ...], tuple[Socket, ...]]:
        """Sockets with their holders, and the processes that matter: holders, their ancestors, unit and
        container processes. The rest of the machine is nobody's business here."""
        holders, groups = self._holders()
        spaces = self._namespaces(groups)
        sockets = self._sockets(holders, spaces)
        wanted = {pid for s in sockets for pid in s.pids} | {u.main_pid for u in units} | {1, self._hands.pid}
        wanted |= _first_of_each({pid: g for pid, g in groups.items() if procfs.container_id(g)})
        found: dict[int, Process] = {}
        while wanted := wanted - found.keys() - {0}:
            read = [p for pid in wanted if (p := self._process(pid, groups, spaces))]
            found |= {p.pid: p for p in read}
            wanted = {p.parent for p in read}
        return tuple(found[pid] for pid in sorted(found)), sockets

    def _holders(self) -> tuple[dict[str, list[int]], dict[int, str]]:
        """Socket inode → pids that hold it; and pid → control group, of every process that is not the kernel's."""
        holders: dict[str, list[int]] = {}
        groups: dict[int, str] = {}
        self._blind = False
        pids = sorted(int(name) for name in self._hands.names("/proc") if name.isdigit())
        if len(pids) > MAX_PIDS:
            self._trouble("services", f"processes after the first {MAX_PIDS}", "truncated")
        for pid in pids[:MAX_PIDS]:
            try:
                fds = self._hands.names(f"/proc/{pid}/fd")
            except PermissionError:
                self._blind = True
            except OSError:
                continue  # it ended meanwhile
            else:
                if not fds:
                    continue  # a kernel thread or a zombie
                self._fds(pid, fds, holders)
            try:
                groups[pid] = procfs.cgroup(self._text(f"/proc/{pid}/cgroup", 16_384))
            except OSError:
                continue
        return holders, groups

    def _fds(self, pid: int, fds: Iterable[str], holders: dict[str, list[int]]) -> None:
        base = f"/proc/{pid}/fd/"
        for fd in islice(fds, MAX_FDS):
            try:
                target = self._hands.link(base + fd)
            except OSError:
                continue
            if target.startswith("socket:["):
                held = holders.setdefault(target[8:-1], [])
                if not held or held[-1] != pid:
                    held.append(pid)

    def _namespaces(self, groups: dict[int, str]) -> dict[int, str]:
        """Network namespace of each container process that is not in the agent's own."""
        own = self._link("/proc/self/ns/net")
        spaces = {}
        for pid, group in groups.items():
            if procfs.container_id(group) and (space := self._link(f"/proc/{pid}/ns/net")) not in ("", own):
                spaces[pid] = space
        return spaces

    def _sockets(self, holders: dict[str, list[int]], spaces: dict[int, str]) -> tuple[Socket, ...]:
        tables = [("/proc/net", "")]
        tables += [(f"/proc/{pid}/net", space) for space, pid in {s: p for p, s in spaces.items()}.items()]
        if len(tables) > MAX_NAMESPACES:
            self._trouble("sockets", f"network namespaces after the first {MAX_NAMESPACES}", "truncated")
        found, ownerless = set(), False
        for base, space in tables[:MAX_NAMESPACES]:
            for file in ("tcp", "tcp6", "udp", "udp6"):
                for socket, inode in self._rows(f"{base}/{file}", file[:3], space):
                    pids = tuple(holders.get(inode, ()))
                    ownerless = ownerless or not (pids or inode == "0")
                    found.add(replace(socket, pids=pids) if pids else socket)
        if ownerless and self._blind:
            for area in ("services", "sockets"):
                self._trouble(area, "programs of other users behind their sockets", "permission denied", True)
        return tuple(sorted(found, key=_socket_order))

    def _rows(self, path: str, protocol: str, space: str) -> Iterator[tuple[Socket, str]]:
        try:
            text = self._text(path, MAX_FILE)
        except OSError:
            return  # IPv6 is switched off, or the container ended meanwhile
        if len(text) >= MAX_FILE or text.count("\n") > procfs.MAX_SOCKETS:
            self._trouble("sockets", f"{protocol} sockets after the first {procfs.MAX_SOCKETS}", "truncated")
        yield from procfs.sockets(text, protocol, space)

    def _process(self, pid: int, groups: dict[int, str], spaces: dict[int, str]) -> Process | None:
        try:
            name, parent, started = procfs.stat(self._text(f"/proc/{pid}/stat", 4096))
            argv = self._text(f"/proc/{pid}/cmdline").split("\0")
            status = self._text(f"/proc/{pid}/status", 4096)
        except (OSError, ValueError):
            return None  # it ended meanwhile
        return Process(
            pid=pid,
            parent=parent,
            started=started,
            name=name,
            argv=tuple(argv[:-1][:MAX_ARGS]) if argv[-1] == "" else tuple(argv[:MAX_ARGS]),
            exe=self._link(f"/proc/{pid}/exe"),
            user=self._user(status),
            cgroup=groups.get(pid, ""),
            namespace=spaces.get(pid, ""),
        )

    def _user(self, status: str) -> str:
        # The owner of /proc/<pid> would be cheaper, but is root for every process that has changed its user.
        uid = status.partition("\nUid:\t")[2].split("\t", 2)[1:2]
        return self._users.get(uid[0], uid[0]) if uid else ""


class Local(Reader):
    """A Transport to this machine. `root` is where /proc and /sys hang (a test or a container may mount them)."""

    def __init__(self, root: str = "/") -> None:
        if not sys.platform.startswith("linux"):
            raise Misconfigured(f"this agent reads Linux machines only so far, not {sys.platform}")
        super().__init__(Here(root))


def memory_kib() -> tuple[int, int]:
    """(resident now, peak since start) of this process. Not getrusage: its peak includes the parent before exec."""
    with Path("/proc/self/status").open(encoding="ascii", errors="replace") as file:
        rows = dict(line.split(":", 1) for line in file if line.startswith("Vm"))
    return _number(rows["VmRSS"].split()[0]), _number(rows["VmHWM"].split()[0])


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, TimeoutError):
        return "timed out"
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


def _kib(text: str | None) -> int:
    return int(text.split()[0]) * 1024 if text else 0


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else 0


def _socket_order(socket: Socket) -> tuple[Any, ...]:
    return (socket.namespace, socket.protocol, socket.state, socket.local, socket.local_port,
            socket.remote, socket.remote_port, socket.pids)  # fmt: skip


def _first_of_each(groups: dict[int, str]) -> set[int]:
    first: dict[str, int] = {}
    for pid in sorted(groups):
        first.setdefault(groups[pid], pid)
    return set(first.values())


def _container(row: dict[str, Any]) -> Container:
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = {a for n in networks.values() for a in (n.get("IPAddress"), n.get("GlobalIPv6Address")) if a}
    published = {
        endpoint(p.get("Type", "tcp"), shortest(p.get("IP") or "0.0.0.0"), p["PublicPort"])  # noqa: S104  # reported
        for p in row.get("Ports") or ()
        if p.get("PublicPort")
    }
    names = row.get("Names") or [row["Id"][:12]]
    return Container(
        id=row["Id"],
        name=names[0].lstrip("/"),
        image=row.get("Image") or "",
        state=row.get("State") or "",
        addresses=tuple(sorted(map(shortest, addresses))),
        published=tuple(sorted(published)),
    )
