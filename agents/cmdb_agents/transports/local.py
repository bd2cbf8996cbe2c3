"""Reads a Linux machine through a hand: what every look needs. What changes seldom is read by the files of `linux/`.

It knows no CI. Each reading is guarded alone: what fails becomes a Trouble and the rest goes on. Sockets and
processes are read from /proc directly: psutil needs four times the CPU for the same rows and names only one of
several processes that hold a socket.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from cmdb.errors import Misconfigured
from cmdb_agents.parsers import firmware
from cmdb_agents.transports import procfs
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Readers, why
from cmdb_agents.transports.readings import (
    Address,
    Interface,
    Machine,
    Mount,
    Platform,
    Process,
    Socket,
    Unit,
)
from cmdb_agents.transports.socket_table import Holders, Row, SocketTable

MAX_FILE = 16 * 2**20  # a /proc/net/tcp of 100,000 rows
MAX_PIDS, MAX_FDS, MAX_ARGS = 20_000, 20_000, 256
MAX_NAMESPACES = 100
MAX_INTERFACES, MAX_MOUNTS, MAX_MODULES = 1_000, 2_000, 256
COMMAND_SECONDS = 10
NETWORK_TYPES = ("nfs", "cifs", "smb", "ceph", "glusterfs", "9p", "virtiofs", "afs", "fuse", "autofs", "zfs")
"""Types whose statvfs can block for ever (a server that is gone) or gives a size that moves (zfs, a shared pool)."""
DMI = (
    "sys_vendor", "product_name", "product_uuid", "product_serial", "board_serial", "chassis_serial", "bios_version",
    "bios_vendor", "bios_date", "chassis_type", "board_asset_tag", "chassis_asset_tag",
)  # fmt: skip
COMMAND = [
    "systemctl", "show", "--no-pager", "*.service",
    "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Type,MainPID,User,ExecStart,ControlGroup",
]  # fmt: skip

T = TypeVar("T")


class Linux:
    """A Transport to the machine behind a hand."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._readers = hand, Readers()
        self._blind = False
        self._users: dict[str, str] = {}
        self._cpu: tuple[str, int, int, bool] | None = None
        self._once: dict[str, Any] | None = None
        self._no_modules = False

    def read(self) -> Machine:
        """Everything in one pass."""
        self._hand = self._hand.fresh()
        # Read as a file: the name service may ask a directory over the network, and block.
        self._users = procfs.users(self._hand.line("/etc/passwd"))
        none: tuple[tuple[Process, ...], Collection[Socket]] = ((), ())
        units = self._guard("services", self._units, None)
        processes, sockets = self._guard("services", lambda: self._processes(units or ()), none)
        return Machine(
            platform=self._guard("host", self._platform, Platform()),
            mounts=self._guard("filesystems", self._mounts, ()),
            interfaces=self._guard("network", self._interfaces, ()),
            units=units,
            processes=processes,
            sockets=sockets,
            ephemeral=self._guard("sockets", self._ephemeral, (32768, 60999)),
            own_pid=self._hand.pid,
            **self._readers.read(self._hand),
            troubles=tuple(sorted(set(self._hand.troubles), key=lambda t: (t.area, t.what, t.why))),
        )

    # --- small hands ---------------------------------------------------------------------------------------

    def _guard(self, area: str, reading: Callable[[], T], otherwise: T) -> T:
        try:
            return reading()
        except (OSError, ValueError, IndexError, KeyError) as error:
            self._hand.trouble(area, f"the {area} reading", f"{type(error).__name__}: {why(error)}")
            return otherwise

    # --- the machine ---------------------------------------------------------------------------------------

    def _platform(self) -> Platform:
        hostname, kernel, architecture = self._hand.system()
        if self._cpu is None:  # reading cpuinfo wakes every core, so once per life of the agent
            self._cpu = procfs.cpu(self._hand.text("/proc/cpuinfo", 4 * 2**20))
        model, cores, threads, virtual = self._cpu
        memory = dict(line.split(":", 1) for line in self._hand.text("/proc/meminfo").splitlines() if ":" in line)
        return Platform(
            hostname=hostname,
            fqdn=procfs.fqdn(hostname, self._hand.line("/etc/hosts").splitlines()),
            machine_id=self._hand.line("/etc/machine-id") or self._hand.line("/var/lib/dbus/machine-id"),
            boot_id=self._hand.line("/proc/sys/kernel/random/boot_id"),
            dmi=self._dmi(),
            os_release=procfs.assignments(self._hand.line("/etc/os-release") or self._hand.line("/usr/lib/os-release")),
            kernel=kernel,
            architecture=architecture,
            cpu_model=model,
            cpu_cores=cores,
            cpu_threads=threads or self._hand.threads(),
            cpu_flags_hypervisor=virtual,
            container=self._container(),
            memory_bytes=_kib(memory.get("MemTotal")),
            swap_bytes=_kib(memory.get("SwapTotal")),
            **self._lasting(),
        )

    def _lasting(self) -> dict[str, Any]:
        """What stays while the machine runs: read once in the life of the agent (the start may flutter by a second)."""
        if self._once is None:
            started = self._hand.line("/proc/stat", MAX_FILE).partition("\nbtime ")[2].split("\n", 1)[0]
            self._once = {
                "cpu_sockets": procfs.cpu_sockets(self._hand.line("/proc/cpuinfo", 4 * 2**20)),
                "boot_time": _number(started),
                "modules": self._modules(),
                "cloud_instance": self._hand.line("/var/lib/cloud/data/instance-id", 200),
            }
        return self._once

    def _modules(self) -> tuple[str, ...]:
        folder, raw = "/sys/firmware/dmi/entries", []
        for name in [n for n in self._hand.names(folder) if n.startswith("17-")][:MAX_MODULES]:
            try:
                raw.append(self._hand.raw(f"{folder}/{name}/raw"))
            except OSError:
                self._no_modules = True
        return firmware.modules(raw)

    def _dmi(self) -> dict[str, str]:
        found = {}
        for name in DMI:
            try:
                found[name] = self._hand.text(f"/sys/class/dmi/id/{name}", 4096).strip()
            except PermissionError:
                self._hand.trouble("host", "serial numbers and the SMBIOS UUID", "permission denied", root_helps=True)
            except OSError:
                continue  # virtual machines and ARM boards may have no firmware tables: nothing is hidden then
        if self._no_modules:
            self._hand.trouble("host", "memory modules", "permission denied", True, hides=False)
        return found

    def _container(self) -> str:
        try:
            lines = self._hand.text("/proc/1/environ").split("\0")
        except OSError:
            lines = [f"container={self._hand.line('/run/systemd/container')}"]
        markers = {"docker": "/.dockerenv", "podman": "/run/.containerenv"}
        return procfs.container_of(
            procfs.assignments("\n".join(x for x in lines if x.startswith("container="))),
            {name: self._hand.exists(path) for name, path in markers.items()},
        )

    def _mounts(self) -> tuple[Mount, ...]:
        rows = list(procfs.mounts(self._hand.text("/proc/self/mountinfo", MAX_FILE)))
        if len(rows) > MAX_MOUNTS:
            self._hand.trouble("filesystems", f"mounts after the first {MAX_MOUNTS}", "truncated")
        return tuple(replace(m, size_bytes=self._size(m)) for m in rows[:MAX_MOUNTS])

    def _size(self, mount: Mount) -> int | None:
        device = mount.device.startswith("/") or mount.type in ("overlay", "btrfs")
        if not device or (mount.type.startswith(NETWORK_TYPES) and mount.type != "fuseblk"):
            return None
        try:
            return self._hand.size(mount.mount_point)
        except OSError as error:
            self._hand.trouble("filesystems", f"the size of {mount.mount_point[:200]}", why(error), root_helps=True)
            return None

    # --- the network ---------------------------------------------------------------------------------------

    def _interfaces(self) -> tuple[Interface, ...]:
        names = sorted(self._hand.listing("/sys/class/net"))
        if len(names) > MAX_INTERFACES:
            self._hand.trouble("network", f"interfaces after the first {MAX_INTERFACES}", "truncated")
        addresses = self._hand.addresses()
        return tuple(
            self._interface(name, addresses)
            for name in names[:MAX_INTERFACES]
            if self._hand.is_folder(f"/sys/class/net/{name}")  # bonding_masters is a file
        )

    def _interface(self, name: str, addresses: Mapping[int, Sequence[Address]]) -> Interface:
        base = f"/sys/class/net/{name}"
        assigned = self._hand.line(f"{base}/addr_assign_type")
        index = _number(self._hand.line(f"{base}/ifindex"))
        return Interface(
            name=name,
            mac=self._hand.line(f"{base}/address").lower(),
            assign_type=int(assigned) if assigned.isdigit() else None,
            slave_mac=self._hand.line(f"{base}/bonding_slave/perm_hwaddr").lower(),
            arp_type=_number(self._hand.line(f"{base}/type")),
            devtype=procfs.assignments(self._hand.line(f"{base}/uevent")).get("DEVTYPE", ""),
            device=self._hand.exists(f"{base}/device"),
            tun=self._hand.exists(f"{base}/tun_flags"),
            master=self._hand.link(f"{base}/master").rpartition("/")[2],
            mtu=_number(self._hand.line(f"{base}/mtu")),
            speed=_number(self._hand.line(f"{base}/speed")),  # -1 or EINVAL while there is no carrier
            state=self._hand.line(f"{base}/operstate"),
            index=index,
            lower=tuple(n.removeprefix("lower_") for n in self._hand.names(base) if n.startswith("lower_")),
            bond_mode=self._hand.line(f"{base}/bonding/mode").partition(" ")[0],
            vlan=procfs.vlan_id(name, self._hand.line(f"/proc/net/vlan/{name}")),
            driver=self._hand.link(f"{base}/device/driver").rpartition("/")[2],
            addresses=tuple(addresses.get(index, ())),
        )

    def _ephemeral(self) -> tuple[int, int]:
        low, high = self._hand.text("/proc/sys/net/ipv4/ip_local_port_range").split()
        return int(low), int(high)

    # --- services and sockets ------------------------------------------------------------------------------

    def _units(self) -> tuple[Unit, ...] | None:
        if not self._hand.is_folder("/run/systemd/system"):
            return None
        text = self._hand.run(COMMAND, "services", "systemd units", COMMAND_SECONDS)
        return None if text is None else tuple(procfs.units(text))

    def _processes(self, units: Iterable[Unit]) -> tuple[tuple[Process, ...], SocketTable]:
        """Sockets with their holders, and the processes that matter: holders, their ancestors, unit and
        container processes. The rest of the machine is nobody's business here."""
        holders, groups = self._holders()
        spaces = self._namespaces(groups)
        sockets = self._sockets(holders, spaces)
        del holders  # a socket has its own by now
        wanted = sockets.pids | {u.main_pid for u in units} | {1, self._hand.pid}
        wanted |= _first_of_each({pid: g for pid, g in groups.items() if procfs.container_id(g)})
        found: dict[int, Process] = {}
        while wanted := wanted - found.keys() - {0}:
            read = [p for pid in wanted if (p := self._process(pid, groups, spaces))]
            found |= {p.pid: p for p in read}
            wanted = {p.parent for p in read}
        return tuple(found[pid] for pid in sorted(found)), sockets

    def _holders(self) -> tuple[Holders, dict[int, str]]:
        """Who holds which socket; and pid → control group, of every process that is not the kernel's."""
        holders = Holders()
        groups: dict[int, str] = {}
        self._blind = False
        pids = sorted(int(name) for name in self._hand.listing("/proc") if name.isdigit())
        if len(pids) > MAX_PIDS:
            self._hand.trouble("services", f"processes after the first {MAX_PIDS}", "truncated")
        for pid in pids[:MAX_PIDS]:
            try:
                fds = self._hand.listing(f"/proc/{pid}/fd")
            except PermissionError:
                self._blind = True
            except OSError:
                continue  # it ended meanwhile
            else:
                if not fds:
                    continue  # a kernel thread or a zombie
                holders.add(pid, self._targets(f"/proc/{pid}/fd/", fds))
            try:
                groups[pid] = procfs.cgroup(self._hand.text(f"/proc/{pid}/cgroup", 16_384))
            except OSError:
                continue
        holders.sort()
        return holders, groups

    def _targets(self, base: str, names: Iterable[str]) -> Iterator[str]:
        for name in islice(names, MAX_FDS):
            try:
                yield self._hand.target(base + name)
            except OSError:
                continue

    def _namespaces(self, groups: dict[int, str]) -> dict[int, str]:
        """Network namespace of each container process that is not in the agent's own."""
        own = self._hand.link("/proc/self/ns/net")
        spaces = {}
        for pid, group in groups.items():
            if procfs.container_id(group) and (space := self._hand.link(f"/proc/{pid}/ns/net")) not in ("", own):
                spaces[pid] = space
        return spaces

    def _sockets(self, holders: Holders, spaces: dict[int, str]) -> SocketTable:
        tables = [("/proc/net", "")]
        tables += [(f"/proc/{pid}/net", space) for space, pid in {s: p for p, s in spaces.items()}.items()]
        if len(tables) > MAX_NAMESPACES:
            self._hand.trouble("sockets", f"network namespaces after the first {MAX_NAMESPACES}", "truncated")
        found, ownerless = SocketTable(), False
        for base, space in tables[:MAX_NAMESPACES]:
            for file in ("tcp", "tcp6", "udp", "udp6"):
                ownerless |= found.add(space, file[:3], self._rows(f"{base}/{file}", file[:3]), holders.of)
        if ownerless and self._blind:
            for area in ("services", "sockets"):
                self._hand.trouble(area, "programs of other users behind their sockets", "permission denied", True)
        return found

    def _rows(self, path: str, protocol: str) -> Iterator[Row]:
        """A table piece by piece: of 4,000 connections the text alone would be a MiB, and its lines another."""
        seen = 0
        try:
            for piece in self._hand.fragments(path, MAX_FILE, 2**15, b"\n"):
                seen += piece.count("\n") + 1
                if seen > procfs.MAX_SOCKETS + 1:
                    what = f"{protocol} sockets after the first {procfs.MAX_SOCKETS}"
                    self._hand.trouble("sockets", what, "truncated")
                    break
                yield from procfs.sockets(piece, protocol)
        except OSError:
            return  # IPv6 is switched off, or the container ended meanwhile

    def _process(self, pid: int, groups: dict[int, str], spaces: dict[int, str]) -> Process | None:
        try:
            name, parent, started = procfs.stat(self._hand.text(f"/proc/{pid}/stat", 4096))
            argv = self._hand.text(f"/proc/{pid}/cmdline").split("\0")
            status = self._hand.text(f"/proc/{pid}/status", 4096)
        except (OSError, ValueError):
            return None  # it ended meanwhile
        return Process(
            pid=pid,
            parent=parent,
            started=started,
            name=name,
            argv=tuple(argv[:-1][:MAX_ARGS]) if argv[-1] == "" else tuple(argv[:MAX_ARGS]),
            exe=self._hand.link(f"/proc/{pid}/exe"),
            user=self._user(status),
            cgroup=groups.get(pid, ""),
            namespace=spaces.get(pid, ""),
        )

    def _user(self, status: str) -> str:
        # The owner of /proc/<pid> would be cheaper, but is root for every process that has changed its user.
        uid = status.partition("\nUid:\t")[2].split("\t", 2)[1:2]
        return self._users.get(uid[0], uid[0]) if uid else ""


class Local(Linux):
    """A Transport to this machine. `root` is where /proc and /sys hang (a test or a container may mount them)."""

    def __init__(self, root: str = "/") -> None:
        if not sys.platform.startswith("linux"):
            raise Misconfigured(f"this reads Linux machines only, not {sys.platform}")
        super().__init__(Hand(root))


def _kib(text: str | None) -> int:
    return int(text.split()[0]) * 1024 if text else 0


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else 0


def _first_of_each(groups: dict[int, str]) -> set[int]:
    first: dict[str, int] = {}
    for pid in sorted(groups):
        first.setdefault(groups[pid], pid)
    return set(first.values())
