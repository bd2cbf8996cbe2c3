"""Where hosts are plugged in, by forwarding tables: the port with the fewest addresses wins, trunks do not. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cmdb.topology.links import End, Joint
from cmdb.topology.who import Directory, Placeholder

LEARNED, SHARED = 0.6, 0.4
"""How sure an attachment is when the port has one address, and when it has several."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A hardware address behind a port; `device` is its owner if it was read, `addresses` are what ARP knows."""

    mac: str
    at: End
    seen: int  # addresses on that port
    device: str = ""
    addresses: tuple[str, ...] = ()
    vlan: int = 0

    @property
    def confidence(self) -> float:
        """How sure it is."""
        return LEARNED if self.seen == 1 else SHARED

    @property
    def detail(self) -> str:
        """One line for people."""
        others = "alone there" if self.seen == 1 else f"one of {self.seen} addresses there"
        return f"forwarding table: {self.mac} on {self.at.device} {self.at.port}, {others}"


def attachments(
    directory: Directory, joints: Iterable[Joint], placeholders: Iterable[Placeholder]
) -> tuple[Attachment, ...]:
    """One place for each address that has one; an address that two ports have as good a claim to has none."""
    trunks = _trunks(directory, joints, placeholders)
    seen: dict[End, set[str]] = {}
    for key, device in directory.devices.items():
        for one in device.learned:
            seen.setdefault(End(key, one.port), set()).add(one.mac)
    places: dict[str, set[End]] = {}
    for end, macs in seen.items():
        if end not in trunks:
            for mac in macs:
                places.setdefault(mac, set()).add(end)
    owners = _owners(directory)
    known: dict[str, set[str]] = {}
    for device in directory.devices.values():
        for two in device.resolved:
            known.setdefault(two.mac, set()).add(two.address)
    vlans = {(key, one.mac): one.vlan for key, d in directory.devices.items() for one in d.learned}
    found = []
    for mac, ends in places.items():
        ranked = sorted((len(seen[end]), end) for end in ends)
        owner = owners.get(mac, "")
        if (len(ranked) > 1 and ranked[0][0] == ranked[1][0]) or owner == ranked[0][1].device:
            continue
        count, end = ranked[0]
        addresses = tuple(sorted(known.get(mac, ())))
        found.append(Attachment(mac, end, count, owner, addresses, vlans.get((end.device, mac), 0)))
    return tuple(sorted(found, key=lambda a: (a.at, a.mac)))


def _trunks(directory: Directory, joints: Iterable[Joint], placeholders: Iterable[Placeholder]) -> set[End]:
    """Ports behind which another bridge is, with their bundles and members."""
    bridging = {key for key, device in directory.devices.items() if device.learned}
    bridging |= {
        p.key
        for p in placeholders
        if {"bridge", "repeater"} & set(p.capabilities) and "telephone" not in p.capabilities
    }
    found = set[End]()
    for joint in joints:
        for here, there in ((joint.a, joint.b), (joint.b, joint.a)):
            device = directory.devices.get(here.device)
            if there.device not in bridging or device is None or not here.port:
                continue
            masters = {port.name: port.master for port in device.ports}
            bundle = masters.get(here.port) or here.port
            members = (name for name, master in masters.items() if master == bundle)
            found |= {End(here.device, name) for name in (here.port, bundle, *members)}
    return found


def _owners(directory: Directory) -> dict[str, str]:
    """Whose address it is, where one device alone has it."""
    owners: dict[str, set[str]] = {}
    for key, device in directory.devices.items():
        for mac in device.macs:
            owners.setdefault(mac, set()).add(key)
    return {mac: next(iter(keys)) for mac, keys in owners.items() if len(keys) == 1}
