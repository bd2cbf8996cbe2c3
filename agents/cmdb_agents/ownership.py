"""Which services a host has, and which of them each process and listening socket belongs to. Pure.

A systemd unit or a container owns what runs in its control group. Elsewhere a listening program is a service: its
master process is the oldest ancestor that runs the same program, so that workers belong to it and a client started
from a shell inside it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cmdb_agents import masking
from cmdb_agents.addresses import WILDCARDS, endpoint, is_loopback
from cmdb_agents.programs import Program, is_title, program
from cmdb_agents.transports.procfs import container_id
from cmdb_agents.transports.readings import Container, Machine, Process, Socket, Unit
from cmdb_agents.transports.socket_table import waiting

RELAYS = frozenset({"docker-proxy", "rootlessport", "slirp4netns", "pasta", "conmon"})
"""Programs that only pass a container's published port on; the container is the service."""
_INIT = frozenset({"systemd", "init", "launchd"})
_LOGIN = frozenset({"sshd", "sshd-session", "login", "su", "dropbear", "in.telnetd"})
"""What runs below these in a unit is a person's session, not the unit."""

Group = tuple[str, str]  # ("container", id), ("unit", name) or ("program", master's pid)


@dataclass(frozen=True, slots=True)
class Found:
    """A service of this host, as the collector will report it; `members` are its processes that were read."""

    key: str
    name: str
    kind: str
    program: str = ""
    command: str = ""
    user: str = ""
    unit: str = ""
    state: str = ""
    enabled: str = ""
    container_id: str = ""
    image: str = ""
    cgroup: str = ""
    listens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ownership:
    """The services by key, the service of each process, and of each endpoint of the machine's own namespace."""

    services: Mapping[str, Found]
    of_process: Mapping[int, str]
    of_endpoint: Mapping[tuple[str, str, int], str]  # (protocol, address, port); unowned listeners map to ""
    hidden: bool = False  # containers were seen by their control group only

    def listener(self, protocol: str, address: str, port: int) -> str | None:
        """The service key behind an own address, "" for a program that is none, None when nobody listens."""
        for host in (address, "0.0.0.0", "::"):  # noqa: S104  # compared, never bound
            found = self.of_endpoint.get((protocol, host, port))
            if found is not None:
                return found
        return None


def own(machine: Machine) -> Ownership:
    """Decide who owns what."""
    return _Decision(machine).result()


@dataclass(slots=True)
class _Decision:
    """What is found out on the way."""

    machine: Machine
    processes: dict[int, Process] = field(default_factory=dict)
    programs: dict[int, Program] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    around: str = ""  # the container this machine itself is
    listening: dict[Group, list[Socket]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.processes = {p.pid: p for p in self.machine.processes}
        self.programs = {p.pid: program(p.argv, p.exe, p.name) for p in self.machine.processes}
        self.units = {u.name: u for u in self.machine.units or ()}
        self.containers = {c.id: c for c in self.machine.containers}
        init = self.processes.get(1)
        self.around = container_id(init.cgroup) if init else ""

    def result(self) -> Ownership:
        groups = {pid: self.group(pid) for pid in self.processes}
        self.listening = listening = self._listening(groups)
        found: dict[Group, Found] = {}
        for name, unit in self.units.items():
            if _worth(unit) or ("unit", name) in listening:
                found["unit", name] = self._unit(name, unit)
        seen = {g for g in groups.values() if g[0] == "container"} | {("container", c) for c in self.containers}
        for group in seen:
            found[group] = self._container(group[1], groups)
        for group in listening:
            if group not in found:
                found[group] = self._unit(group[1], None) if group[0] == "unit" else self._program(group)
        merged: dict[str, Found] = {}
        # Two of one key become one service; which describes it must not depend on process ids.
        for group in sorted(found, key=lambda g: (found[g].key, found[g].command)):
            service = found[group]
            twin = merged.get(service.key)
            merged[service.key] = _with_listens(twin, service.listens) if twin else service
        return Ownership(
            services=dict(sorted(merged.items())),
            of_process={pid: found[g].key for pid, g in groups.items() if g in found and self._belongs(pid, g)},
            of_endpoint=self._endpoints(groups, found, merged),
            hidden=any(g[1] not in self.containers for g in seen),
        )

    # --- groups --------------------------------------------------------------------------------------------

    def group(self, pid: int) -> Group:
        process = self.processes[pid]
        container = container_id(process.cgroup)
        if container and container != self.around:
            return ("container", container)
        unit = _unit_of(process.cgroup)
        return ("unit", unit) if unit else ("program", str(self._master(pid)))

    def _master(self, pid: int) -> int:
        while True:
            process = self.processes[pid]
            parent = self.processes.get(process.parent)
            if parent is None or parent.pid == pid or not self._same(process, parent):
                return pid
            pid = parent.pid

    def _same(self, child: Process, parent: Process) -> bool:
        if child.cgroup != parent.cgroup and (_unit_of(parent.cgroup) or container_id(parent.cgroup)):
            return False
        ours, theirs = self.programs[child.pid], self.programs[parent.pid]
        # An interpreter fed with code (multiprocessing, xdist) is part of the script that started it.
        return ours.name == theirs.name or (ours.anonymous and child.exe == parent.exe and child.exe != "")

    def _belongs(self, pid: int, group: Group) -> bool:
        """Whether the process works for the unit, rather than for somebody logged in through it."""
        if group[0] != "unit" or self.programs[pid].name in _LOGIN:
            return True
        parent = self.processes.get(self.processes[pid].parent)
        while parent and _unit_of(parent.cgroup) == group[1]:
            if self.programs[parent.pid].name in _LOGIN:
                return False
            parent = self.processes.get(parent.parent)
        return True

    # --- listeners -----------------------------------------------------------------------------------------

    def _owner(self, socket: Socket) -> int | None:
        """Of several holders the oldest ancestor; never the init that opened it for another, nor a relay."""
        holders = [p for p in socket.pids if p in self.processes and self.programs[p].name not in RELAYS]
        holders = [p for p in holders if not (p == 1 and self.programs[p].name in _INIT)]
        if len(holders) < 2:
            return holders[0] if holders else None
        tops = [p for p in holders if not self._ancestors(p) & set(holders)]
        return min(tops, key=lambda p: (self.processes[p].started, p), default=None)

    def _ancestors(self, pid: int) -> set[int]:
        found: set[int] = set()
        process = self.processes.get(self.processes[pid].parent)
        while process and process.pid not in found:
            found.add(process.pid)
            process = self.processes.get(process.parent)
        return found

    def _listening(self, groups: Mapping[int, Group]) -> dict[Group, list[Socket]]:
        listening: dict[Group, list[Socket]] = {}
        for socket in waiting(self.machine.sockets):
            if is_listening(socket, self.machine.ephemeral) and (owner := self._owner(socket)) is not None:
                listening.setdefault(groups[owner], []).append(socket)
        return listening

    def _listens(self, group: Group) -> tuple[str, ...]:
        container = self.containers.get(group[1]) if group[0] == "container" else None
        found = set(container.published) if container else set()
        for socket in self.listening.get(group, ()):
            hosts: tuple[str, ...] = (socket.local,)
            if socket.namespace:  # seen from outside, a wildcard inside means the container's own addresses
                known = container.addresses if container else ()
                hosts = known if socket.local in WILDCARDS else () if is_loopback(socket.local) else hosts
            found |= {endpoint(socket.protocol, host, socket.local_port) for host in hosts}
        return tuple(sorted(found))

    def _endpoints(
        self, groups: Mapping[int, Group], found: Mapping[Group, Found], merged: Mapping[str, Found]
    ) -> dict[tuple[str, str, int], str]:
        at: dict[tuple[str, str, int], str] = {}
        for socket in waiting(self.machine.sockets):
            if socket.namespace or not is_listening(socket, self.machine.ephemeral):
                continue
            owner = self._owner(socket)
            service = found.get(groups[owner]) if owner is not None else None
            at[socket.protocol, socket.local, socket.local_port] = service.key if service else ""
        for service in merged.values():
            if service.kind == "container":  # also what is published without a process that listens (DNAT)
                for listen in service.listens:
                    protocol, _, rest = listen.partition("://")
                    host, _, port = rest.rpartition(":")
                    at[protocol, host.strip("[]"), int(port)] = service.key
        return at

    # --- descriptions --------------------------------------------------------------------------------------

    def _unit(self, name: str, unit: Unit | None) -> Found:
        main = self.processes.get(unit.main_pid) if unit else self._oldest(name)
        command = masking.text(unit.command) if unit and unit.command else self._command(main)
        path = unit.command.split(" ", 1)[0] if unit else ""
        return Found(
            key=f"unit:{name}",
            name=name.removesuffix(".service"),
            kind="systemd",
            program=self.programs[main.pid].detail if main else path,
            command=command,
            user=(main.user if main else "") or (unit.user if unit else ""),
            unit=name,
            cgroup=unit.cgroup if unit else "",
            state=_state(unit) if unit else "running",
            enabled=unit.enabled if unit and unit.enabled in ("enabled", "disabled", "static", "masked") else "",
            listens=self._listens(("unit", name)),
        )

    def _oldest(self, unit: str) -> Process:
        members = (p for p in self.processes.values() if _unit_of(p.cgroup) == unit)
        return min(members, key=lambda p: (p.started, p.pid))

    def _container(self, container: str, groups: Mapping[int, Group]) -> Found:
        known = self.containers.get(container)
        members = [self.processes[pid] for pid, group in groups.items() if group == ("container", container)]
        main = min(members, key=lambda p: (p.started, p.pid), default=None)
        name = known.name if known else self.programs[main.pid].name if main else container[:12]
        return Found(
            key=f"container:{known.name if known else container[:12]}",
            name=name,
            kind="container",
            program=self.programs[main.pid].detail if main else "",
            command=self._command(main),
            user=main.user if main else "",
            state=known.state if known else "running",
            container_id=container[:12],
            image=known.image if known else "",
            listens=self._listens(("container", container)),
        )

    def _program(self, group: Group) -> Found:
        main = self.processes[int(group[1])]
        name = self.programs[main.pid].name
        low, high = self.machine.ephemeral
        ports = [s.local_port for s in self.listening[group] if not low <= s.local_port <= high]
        return Found(
            key=f"{name}@{min(ports)}" if ports else name,
            name=name,
            kind="program",
            program=self.programs[main.pid].detail,
            command=self._command(main),
            user=main.user,
            state="running",
            listens=self._listens(group),
        )

    def _command(self, process: Process | None) -> str:
        if process is None:
            return ""
        # A title changes with every connection; the file behind it does not.
        return process.exe if is_title(process.argv, process.exe) else masking.command(process.argv)


def is_listening(socket: Socket, ephemeral: tuple[int, int]) -> bool:
    """Whether the socket waits for others: a TCP listener, or a UDP one on a port the kernel does not hand out."""
    if socket.protocol == "tcp":
        return socket.state == "LISTEN"
    return socket.state == "OPEN" and not ephemeral[0] <= socket.local_port <= ephemeral[1]


@lru_cache(maxsize=2_048)
def _unit_of(cgroup: str) -> str:
    """The system's service unit in a control group path; what people run in their sessions belongs to none."""
    parts = cgroup.split("/")
    if "user.slice" in parts:
        return ""
    return next((part for part in parts if part.endswith(".service")), "")


def _worth(unit: Unit) -> bool:
    """Units that serve or should: running, failed, or enabled and down. Logins are not services."""
    if unit.name.startswith(("user@", "user-runtime-dir@")):
        return False
    if unit.active == "failed":
        return True
    if unit.type == "oneshot":
        return False
    running = unit.active in ("active", "activating", "reloading", "deactivating") and unit.sub != "exited"
    return running or (unit.enabled == "enabled" and unit.active == "inactive" and unit.main_pid == 0)


def _state(unit: Unit) -> str:
    return "exited" if unit.active == "active" and unit.sub == "exited" else unit.active


def _with_listens(service: Found, listens: Iterable[str]) -> Found:
    return replace(service, listens=tuple(sorted({*service.listens, *listens})))
