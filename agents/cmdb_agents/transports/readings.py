"""What a transport reads from a machine, as plain frozen facts. No CI, no judgement, no clock.

Every reading is bounded where it is made; what could not be read is a `Trouble`, never an empty answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cmdb_agents.configuration import Terms


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of one area (a section's name) that could not be read, and why, in words that do not flutter."""

    area: str
    what: str
    why: str  # "permission denied", "missing command", "timed out", "truncated", …
    root_helps: bool = False
    hides: bool = True  # things may be missing for it; else only some of their values are


@dataclass(frozen=True, slots=True)
class Platform:
    """The machine and its operating system. Empty strings and zeros mean: not there."""

    hostname: str = ""
    fqdn: str = ""
    machine_id: str = ""
    boot_id: str = ""
    dmi: Mapping[str, str] = field(default_factory=dict)  # names as in /sys/class/dmi/id
    os_release: Mapping[str, str] = field(default_factory=dict)  # os-release(5)
    kernel: str = ""
    architecture: str = ""
    cpu_model: str = ""
    cpu_cores: int = 0
    cpu_threads: int = 0
    cpu_flags_hypervisor: bool = False
    container: str = ""  # the runtime this machine is a container of
    memory_bytes: int = 0
    swap_bytes: int = 0
    cpu_sockets: int = 0
    boot_time: int = 0  # Unix seconds
    modules: tuple[str, ...] = ()  # of memory: "DIMM A1: 16 GiB DDR4"
    cloud_instance: str = ""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo; `number` is the device's major:minor, `size_bytes` None where asking could block."""

    mount_point: str
    device: str
    type: str
    root: str
    number: str
    read_only: bool
    size_bytes: int | None = None
    server: str = ""  # address and port of a remote one: tcp://10.0.0.9:2049


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface in its shortest form; `temporary` marks an IPv6 privacy address."""

    address: str
    prefix_length: int
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface as sysfs shows it."""

    name: str
    mac: str = ""
    assign_type: int | None = None  # 0 = the address is the permanent one
    slave_mac: str = ""  # permanent address of a bond's member
    arp_type: int = 0  # if_arp.h: 1 ethernet, 772 loopback, 768/769/776/778 tunnels
    devtype: str = ""  # DEVTYPE of uevent: bridge, bond, vlan, wlan, vxlan, …
    device: bool = False  # there is hardware (or a hypervisor's) behind it
    tun: bool = False
    master: str = ""
    mtu: int = 0
    speed: int = 0  # Mbit/s
    state: str = ""  # operstate: up, down, unknown, …
    index: int = 0
    lower: tuple[str, ...] = ()  # the interfaces it sends through
    bond_mode: str = ""
    vlan: int = 0
    driver: str = ""
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """One loaded systemd service unit."""

    name: str
    type: str = ""
    active: str = ""
    sub: str = ""
    enabled: str = ""
    main_pid: int = 0
    command: str = ""
    user: str = ""
    cgroup: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One block device. `parents` are the devices it is made of; `kind`: disk, partition, lvm, raid, multipath, …"""

    name: str
    kind: str
    path: str = ""
    number: str = ""  # major:minor
    size_bytes: int = 0
    parents: tuple[str, ...] = ()
    vendor: str = ""
    model: str = ""
    serial: str = ""
    wwn: str = ""
    firmware: str = ""
    rotational: bool = False
    level: str = ""
    group: str = ""
    filesystem: str = ""
    uuid: str = ""
    portal: str = ""  # of a remote disk: tcp://10.0.0.9:3260


@dataclass(frozen=True, slots=True)
class Route:
    """One route; an empty gateway means that the destination is on the link."""

    destination: str
    gateway: str = ""
    interface: str = ""
    metric: int = 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody on the same wire. `table`: arp, nd or lldp; only LLDP fills the lower half."""

    table: str
    interface: str
    address: str = ""
    mac: str = ""
    system: str = ""
    description: str = ""
    chassis: str = ""
    port: str = ""
    port_description: str = ""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Whom the machine asks for names."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package; `manager` is deb or rpm as package URLs name them."""

    name: str
    version: str
    architecture: str = ""
    manager: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One line of passwd(5), with its groups; never a password."""

    name: str
    uid: int
    gid: int
    home: str = ""
    shell: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate file; `users` are the programs whose configuration names it."""

    path: str
    fingerprint: str
    subject: str
    issuer: str = ""
    serial: str = ""
    not_before: str = ""
    not_after: str = ""
    names: tuple[str, ...] = ()
    key_type: str = ""
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a configuration names, nothing else of it: `program` or `unit` says whose it is."""

    file: str
    endpoint: str
    said: str  # how it is named there: "db.shop.example:5432"
    program: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Pool(Terms):
    """Some whom one configuration names as standing in for each other, as `cmdb_agents.configuration.Pool` says.

    `members` are endpoints, or as they are named ("db.shop.example:5432") where nobody tells their address.
    """

    file: str
    members: tuple[str, ...] = ()
    program: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A connection whose destination the kernel rewrote (conntrack): what was asked for, and who answered."""

    protocol: str
    local: str
    local_port: int
    asked: str
    asked_port: int
    real: str
    real_port: int


@dataclass(frozen=True, slots=True)
class Container:
    """One running container as its runtime describes it; `published` are endpoints on the host."""

    id: str
    name: str
    image: str = ""
    state: str = ""
    addresses: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    runtime: str = ""
    digest: str = ""
    labels: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """One process that matters for sockets and services; `started` only orders (clock ticks since boot)."""

    pid: int
    parent: int
    started: int
    name: str
    argv: tuple[str, ...] = ()
    exe: str = ""
    user: str = ""
    cgroup: str = ""
    namespace: str = ""  # of the network; empty = the machine's own


@dataclass(frozen=True, slots=True)
class Socket:
    """One TCP or UDP socket; `pids` are all processes that hold it and could be seen."""

    protocol: str  # tcp, udp
    state: str  # LISTEN, ESTABLISHED, TIME_WAIT, OPEN (udp without a peer)
    local: str
    local_port: int
    remote: str = ""
    remote_port: int = 0
    pids: tuple[int, ...] = ()
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything read in one pass. `units` is None when no systemd runs; `own_pid` is the agent itself."""

    platform: Platform = Platform()
    mounts: tuple[Mount, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    units: tuple[Unit, ...] | None = None
    containers: tuple[Container, ...] = ()
    processes: tuple[Process, ...] = ()
    sockets: Collection[Socket] = ()
    ephemeral: tuple[int, int] = (32768, 60999)
    own_pid: int = 0
    troubles: tuple[Trouble, ...] = ()
    blocks: tuple[Block, ...] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    resolver: Resolver = Resolver()
    packages: tuple[Package, ...] = ()
    accounts: tuple[Account, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    targets: tuple[Target, ...] = ()
    pools: tuple[Pool, ...] = ()
    translations: tuple[Translation, ...] = ()


class Transport(Protocol):
    """A way to read one machine: here, recorded, later over SSH."""

    def read(self) -> Machine:
        """Everything in one pass; raises only when nothing at all can be read."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """A machine that has been read already, as a transport."""

    machine: Machine

    def read(self) -> Machine:
        """It."""
        return self.machine
