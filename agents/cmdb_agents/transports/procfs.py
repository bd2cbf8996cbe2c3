"""Pure parsers for what Linux and systemd write as text; formats: proc(5), os-release(5), systemctl(1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from cmdb_agents.addresses import endpoint, raw_from_hex, shortest
from cmdb_agents.transports.readings import Mount, Unit
from cmdb_agents.transports.socket_table import IDLE, Row

TCP_STATES = {"01": "ESTABLISHED", "06": "TIME_WAIT", "0A": "LISTEN"}
UDP_STATES = {"01": "ESTABLISHED", "07": "OPEN"}
MAX_SOCKETS = 50_000

_CONTAINER = re.compile(r"(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?=/|$)")
REMOTE_PORTS = {"nfs": 2049, "cifs": 445, "smb": 445, "ceph": 6789, "9p": 564}
_ARGV = re.compile(r"argv\[\]=(.*?) ; (?:ignore_errors|flags)=")
_OCTAL = re.compile(r"\\([0-7]{3})")


def sockets(text: str, protocol: str) -> Iterator[Row]:
    """The rows of /proc/net/{tcp,udp}[6], or of a piece of it, in a state that tells something."""
    states = TCP_STATES if protocol == "tcp" else UDP_STATES
    for line in text.splitlines():
        fields = line.split(None, 10)
        if len(fields) < 10 or fields[3] not in states:  # the table's head has no state either
            continue
        local, local_port, remote, remote_port, state = *_place(fields[1]), *_place(fields[2]), states[fields[3]]
        if state in IDLE:
            remote, remote_port = bytes(len(local)), 0
        yield state, local, local_port, remote, remote_port, int(fields[9])


def _place(text: str) -> tuple[bytes, int]:
    """Address and port of "0100007F:1538"."""
    if len(text) not in (13, 37) or text[-5] != ":":
        raise ValueError(f"{text[:50]!r} is no address and port of a socket")
    return raw_from_hex(text[:-5]), int(text[-4:], 16)


def stat(text: str) -> tuple[str, int, int]:
    """(command name, parent pid, start in ticks since boot) of /proc/<pid>/stat; the name may hold anything."""
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return name, int(fields[1]), int(fields[19])


@lru_cache(maxsize=1_024)  # a process keeps its group, and units are called alike on all hosts
def cgroup(text: str) -> str:
    """The control group that names unit or container: systemd's hierarchy, the unified one, then any other."""
    paths = {}
    for line in text.splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        paths[controllers] = path
    for controllers in ("name=systemd", "", *paths):
        if paths.get(controllers, "/") != "/":
            return paths[controllers]
    return "/"


def container_id(group: str) -> str:
    """The container a control group belongs to, or nothing; the monitor beside a podman container is not in it."""
    found = _CONTAINER.search(group)
    return found[1] if found and "conmon" not in group else ""


def mounts(text: str) -> Iterator[Mount]:
    """The rows of /proc/<pid>/mountinfo, sizes not yet asked.

    A service whose unit protects the system sees every mount read-only; its root, which is not so by itself, tells.
    """
    rows = [row for line in text.splitlines() if (row := _mount_row(line))]
    protected = any(left[4] == "/" and "ro" in own and "ro" not in super_ for left, _, own, super_ in rows)
    for left, tail, own, super_ in rows:
        options = super_ if protected else own | super_
        yield Mount(
            mount_point=_unescape(left[4]),
            device=_unescape(tail[1]),
            type=tail[0],
            root=_unescape(left[3]),
            number=left[2],
            read_only="ro" in options,
            server=server_of(tail[0], _unescape(tail[1]), options),
        )


_Row = tuple[list[str], list[str], set[str], set[str]]


def _mount_row(line: str) -> _Row | None:
    """(fields before the dash, fields behind it, options of the mount, options of the filesystem)."""
    left, _, right = line.partition(" - ")
    fields, tail = left.split(" "), right.split(" ")
    if len(fields) < 6 or len(tail) < 2:
        return None
    return fields, tail, set(fields[5].split(",")), set(tail[2].split(",") if len(tail) > 2 else ())


def server_of(kind: str, device: str, options: Iterable[str]) -> str:
    """Where a remote filesystem lies, by the address the kernel talks to; names are not asked for."""
    said = dict(option.partition("=")[::2] for option in options)
    address, port = said.get("addr", "").split(",")[0], said.get("port", "")
    usual = next((number for prefix, number in REMOTE_PORTS.items() if kind.startswith(prefix)), 0)
    if kind == "ceph" and (found := re.match(r"(\[[^\]]+\]|[^:,/]+):(\d+)", device)):
        address, port = found[1].strip("[]"), found[2]
    if not usual or not address:
        return ""
    number = int(port) if port.isdigit() and int(port) else usual
    return endpoint("tcp", shortest(address), number)


def _unescape(text: str) -> str:
    return _OCTAL.sub(lambda m: chr(int(m[1], 8)), text)


def assignments(text: str) -> dict[str, str]:
    """KEY=value lines with optional quotes, as in os-release and uevent."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, sep, value in pairs if sep}


def users(text: str) -> dict[str, str]:
    """User id → name, of passwd(5)."""
    rows = (line.split(":") for line in text.splitlines())
    return {row[2]: row[0] for row in rows if len(row) > 2}


def cpu(text: str) -> tuple[str, int, int, bool]:
    """(model, physical cores, threads, runs under a hypervisor) of /proc/cpuinfo."""
    model, threads, virtual = "", 0, False
    package, cores = "0", set()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        match name.strip():
            case "processor":
                threads += 1
            case "model name" | "Model" | "cpu model" if not model:
                model = " ".join(value.split())
            case "physical id":
                package = value.strip()
            case "core id":
                cores.add((package, value.strip()))
            case "flags":
                virtual = virtual or " hypervisor" in value
    return model, len(cores), threads, virtual


def cpu_sockets(text: str) -> int:
    """Physical processors in /proc/cpuinfo; machines without that word have one."""
    packages = {line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("physical id")}
    return len(packages) or (1 if "processor" in text else 0)


def vlan_id(name: str, text: str) -> int:
    """The VLAN in /proc/net/vlan/<name>, which only root may read; else the number at the end of a usual name."""
    found = re.search(r"VID: (\d+)", text) or re.fullmatch(r".+\.(\d{1,4})|vlan(\d{1,4})", name)
    number = int(next((group for group in found.groups() if group), "0")) if found else 0
    return number if 0 < number < 4_095 else 0


def units(text: str) -> Iterator[Unit]:
    """Service units from `systemctl show`: blocks of Property=value, parted by an empty line."""
    for block in text.split("\n\n"):
        values = {name: value for name, _, value in (line.partition("=") for line in block.split("\n"))}
        name = values.get("Id", "")
        if not name.endswith(".service") or values.get("LoadState") != "loaded":
            continue
        yield Unit(
            name=name,
            type=values.get("Type", ""),
            active=values.get("ActiveState", ""),
            sub=values.get("SubState", ""),
            enabled=values.get("UnitFileState", ""),
            main_pid=int(values.get("MainPID") or 0),
            command=_argv(values.get("ExecStart", "")),
            user=values.get("User", ""),
            cgroup=values.get("ControlGroup", ""),
        )


def _argv(text: str) -> str:
    found = _ARGV.search(text)
    return found[1] if found else ""


def fqdn(hostname: str, hosts: Iterable[str]) -> str:
    """The full name without asking a name server: the host name itself, else its line in /etc/hosts."""
    if "." in hostname:
        return hostname.lower().rstrip(".")
    for line in hosts:
        names = line.partition("#")[0].split()[1:]
        if hostname in names:
            for name in names:
                if name.startswith(hostname + ".") and not name.endswith((".localdomain", ".localhost")):
                    return name.lower()
    return ""


def container_of(environment: Mapping[str, str], markers: Mapping[str, bool]) -> str:
    """The container runtime around this machine, from pid 1's environment and the files runtimes leave."""
    named = environment.get("container", "")
    if named:
        return named
    return next((runtime for runtime, there in markers.items() if there), "")
