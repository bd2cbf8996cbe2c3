"""What one device says of itself and of what it sees next to it: the nouns between reading devices and joining them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb.words.report import Problem

AGENT_MAKERS = frozenset({"Net-SNMP", "UCD-SNMP", "OpenBSD"})
"""Who wrote the agent that answers: where nothing tells more, a `vendor`, but never the maker of a box."""
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


def _macs(where: str, *macs: str) -> None:
    for mac in macs:
        if mac and not _MAC.fullmatch(mac):
            raise Invalid(f"{mac!r} is no hardware address in lower case with colons", where=where)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as people write VLANs: 1,10-12,20."""
    runs: list[list[int]] = []
    for one in sorted(set(numbers)):
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


@dataclass(frozen=True, slots=True)
class Port:
    """One interface of a device. `names` are all it goes by there, the shortest stable one first.

    `physical` says that a cable can be plugged in; `master` names the aggregate it belongs to; `untagged` and `tagged`
    are VLANs; `spanning_tree` is the state that protocol holds it in.
    """

    index: int
    names: tuple[str, ...]
    kind: str = "ethernet"
    physical: bool = False
    mac: str = ""
    description: str = ""
    master: str = ""
    state: str = "down"
    mtu: int = 0
    speed_mbps: int = 0
    untagged: tuple[int, ...] = ()
    tagged: tuple[int, ...] = ()
    spanning_tree: str = ""

    def __post_init__(self) -> None:
        if not self.names or not all(self.names):
            raise Invalid("a port has a name", where="port")
        if not all(1 <= vlan <= 4094 for vlan in (*self.untagged, *self.tagged)):
            raise Invalid("a VLAN's number lies between 1 and 4094", where="port")
        _macs("port", self.mac)

    @property
    def name(self) -> str:
        """The name it is known by."""
        return self.names[0]

    @property
    def blocked(self) -> bool:
        """Whether spanning tree holds it back, in one VLAN at least."""
        return "blocking" in self.spanning_tree


@dataclass(frozen=True, slots=True)
class Chassis:
    """One enclosure: a device has one, a stack several."""

    name: str
    serial: str = ""
    model: str = ""
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a device was told on one of its ports by whoever is at the other end of the cable.

    `chassis` and `ports` are what the other end calls itself and its port: the surest id first, descriptions last.
    """

    protocol: str  # lldp, cdp, edp or fdp
    port: str  # the own port's name; empty when it could not be told
    chassis: str = ""
    name: str = ""
    ports: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    description: str = ""
    capabilities: tuple[str, ...] = ()  # bridge, router, access point, telephone, station


@dataclass(frozen=True, slots=True)
class Learned:
    """A hardware address that a switch has seen frames from, on one of its ports."""

    mac: str
    port: str
    vlan: int = 0

    def __post_init__(self) -> None:
        _macs("learned", self.mac)


@dataclass(frozen=True, slots=True)
class Resolved:
    """An IP address and the hardware address it was found at, by ARP or neighbour discovery."""

    address: str
    mac: str
    port: str = ""

    def __post_init__(self) -> None:
        _macs("resolved", self.mac)


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address that the device itself answers at; `port` is empty when it did not say on which."""

    address: str
    prefix_length: int | None = None
    port: str = ""


@dataclass(frozen=True, slots=True)
class LocalVlan:
    """A VLAN that a device carries."""

    number: int
    name: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 4094:
            raise Invalid("a VLAN's number lies between 1 and 4094", where="vlan")


@dataclass(frozen=True, slots=True)
class Store:
    """A part of a host's storage, as HOST-RESOURCES lists it."""

    mount_point: str
    size_bytes: int
    type: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """One device as read at one address. Everything is its own word; empty texts and zeros mean: it did not say.

    `macs` are its ports', bridge's and chassis' hardware addresses, `ids` what it calls itself towards its neighbours.
    """

    address: str
    name: str
    cls: str = "NetworkDevice"
    kind: str = "other"
    vendor: str = ""
    model: str = ""
    serial: str = ""
    version: str = ""
    description: str = ""
    object_id: str = ""
    location: str = ""
    engine_id: str = ""
    uptime_s: int = 0
    memory_bytes: int = 0
    processors: int = 0
    macs: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    chassis: tuple[Chassis, ...] = ()
    ports: tuple[Port, ...] = ()
    addresses: tuple[OwnAddress, ...] = ()
    vlans: tuple[LocalVlan, ...] = ()
    stores: tuple[Store, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    learned: tuple[Learned, ...] = ()
    resolved: tuple[Resolved, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def maker(self) -> str:
        """Who made the box; empty when only the agent's own maker is known."""
        return "" if self.vendor in AGENT_MAKERS else self.vendor

    def __post_init__(self) -> None:
        if not self.address or not self.name:
            raise Invalid("a device has a name and was read at an address", where="device")
        _macs("device", *self.macs)
