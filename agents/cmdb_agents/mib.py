"""What a MIB file declares, and the draft of a device that all of them write into. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cmdb.words import Problem
from cmdb.words.device import Chassis, Learned, LocalVlan, Neighbour, OwnAddress, Resolved, Store
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Walk

MOST_PORTS, MOST_ROWS = 8_000, 100_000
"""Of a device: what is over it is left out, and said."""


@dataclass(slots=True)
class DraftPort:
    """An interface being put together; `label` is ifDescr, `short` ifName."""

    index: int
    label: str = ""
    short: str = ""
    alias: str = ""
    other: list[str] = field(default_factory=list)  # what LLDP and ENTITY call it
    type: int = 0
    mac: str = ""
    mtu: int = 0
    speed_mbps: int = 0
    up: bool = False
    connector: bool | None = None
    master: int = 0  # the aggregate's index
    untagged: set[int] = field(default_factory=set)  # VLANs
    tagged: set[int] = field(default_factory=set)
    spanning: dict[int, str] = field(default_factory=dict)  # by VLAN, 0 for the whole bridge

    @property
    def name(self) -> str:
        """The shortest stable name."""
        return self.short or self.label or str(self.index)


@dataclass(slots=True)
class Draft:
    """A device being put together, MIB by MIB."""

    name: str = ""
    description: str = ""
    object_id: str = ""
    location: str = ""
    uptime_s: int = 0
    engine_id: str = ""
    vendor: str = ""
    models: list[str] = field(default_factory=list)  # the surest first, as are all of these
    serials: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    cls: str = ""
    services: int = 0
    forwards: bool = False
    bridges: bool = False
    memory_bytes: int = 0
    processors: int = 0
    macs: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    ports: dict[int, DraftPort] = field(default_factory=dict)
    bridge_ports: dict[int, int] = field(default_factory=dict)  # bridge port → ifIndex
    chassis: list[Chassis] = field(default_factory=list)
    addresses: dict[str, OwnAddress] = field(default_factory=dict)
    vlans: dict[int, LocalVlan] = field(default_factory=dict)
    stores: list[Store] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    learned: dict[tuple[str, int], Learned] = field(default_factory=dict)
    resolved: dict[tuple[str, str], Resolved] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def port_name(self, index: int) -> str:
        """The name of the port of that ifIndex; empty when there is none."""
        port = self.ports.get(index)
        return port.name if port else ""

    def bridge_port_name(self, number: int) -> str:
        """The name of the port that the bridge calls by that number; some devices number them as interfaces."""
        return self.port_name(self.bridge_ports.get(number, 0 if self.bridge_ports else number))


@dataclass(frozen=True, slots=True)
class Mib:
    """One file of `mibs/` declares one: the columns it needs, and what it makes of them.

    `order` says who reads first: 0 what a device is, 1 its ports, 2 what hangs on ports, 3 what is guessed last.
    """

    name: str
    sentence: str
    columns: tuple[Oid, ...]
    read: Callable[[Walk, Draft], None]
    order: int = 2


def columns(root: Oid, *numbers: int) -> tuple[Oid, ...]:
    """Columns of one table."""
    return tuple((*root, n) for n in numbers)
