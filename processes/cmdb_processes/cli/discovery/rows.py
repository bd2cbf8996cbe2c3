"""From a topology to the rows for the front door: devices with what is in them, links, who hangs on whom. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cmdb.classes import catalogue
from cmdb.topology import Attachment, End, Joint, Placeholder, Topology
from cmdb.words.device import Device
from cmdb_agents.device_report import SELF, sections

Row = dict[str, Any]
NETWORK = ("NetworkDevice", "Firewall")
MOST_CARRIED = 64
MOST_VLANS = 500
"""Of one device: who has more carries all numbers, which says nothing."""


def rows(found: Topology, known: Mapping[str, str], domain: str | None = None) -> list[Row]:
    """Every row. `known` are ids of hosts in the graph by a hardware address of theirs.

    VLANs are reported only with the name of the switching `domain` in which their numbers are unique.
    """
    found = replace(found, devices=distinct(found.devices))
    made = [row for device in found.devices for row in _device(device, _id(device, known))]
    made += [_placeholder(one) for one in found.placeholders if not is_station(one)]
    if domain:
        made += _vlans(found.devices, domain)
    edges = [*_cables(found), *_uplinks(found), *_attached(found, known)]
    edges += _memberships(found.devices, domain) if domain else ()
    return made + list({(e["type"], e["from"], e["to"]): e for e in reversed(edges)}.values())


def ref(device: Device) -> str:
    """What names it from run to run: its serial number or engine id, else its address."""
    if device.serial:
        return f"{device.vendor or '?'} {device.serial}"[:400]
    return device.engine_id or device.address


def distinct(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """Without the serial numbers and engine ids that several of them have: a copied one would make them one CI."""
    serials = Counter((d.vendor, d.serial) for d in devices if d.serial)
    engines = Counter(d.engine_id for d in devices if d.engine_id)
    return tuple(
        replace(
            d,
            serial="" if serials[(d.vendor, d.serial)] > 1 else d.serial,
            engine_id="" if engines[d.engine_id] > 1 else d.engine_id,
        )
        for d in devices
    )


def is_station(one: Placeholder) -> bool:
    """A computer at the end of a cable: it is known by its agent or not at all, its neighbours do not make it."""
    return bool(one.capabilities) and set(one.capabilities) <= {"station"}


def _id(device: Device, known: Mapping[str, str]) -> str | None:
    """The id of a host that the graph has already, when all of its addresses that are known say the same."""
    ids = {known[mac] for mac in device.macs if mac in known} if device.cls == "Host" else set()
    return next(iter(ids)) if len(ids) == 1 else None


def _device(device: Device, id_: str | None) -> Iterator[Row]:
    whole = ref(device)
    for section in sections(device):
        for item in section.items:
            row: Row = {"class": item.cls, "name": item.name, "attributes": dict(item.attributes)}
            if item.key == SELF and item.cls == device.cls:
                row |= {"ref": whole} | ({"id": id_} if id_ else {})
                if len(device.chassis) > 1:
                    row["extra"] = {"stack_members": "; ".join(f"{c.name} {c.serial}" for c in device.chassis)[:1_000]}
            else:
                row |= {"ref": _inner(whole, item.cls, item.key), "parent": whole, "key": item.key}
            yield row
    for section in sections(device):
        for link in section.links:
            a, b = (_inner(whole, one.cls, one.key) for one in (link.source, link.target))
            yield _edge(link.type, a, b, link.evidence.kind, link.evidence.detail, link.evidence.confidence)


def _inner(whole: str, cls: str, key: str) -> str:
    return f"{whole} {cls} {key}"[:512]


def _edge(relation: str, source: str, target: str, kind: str, detail: str, confidence: float) -> Row:
    return {
        "type": relation, "from": source, "to": target,
        "evidence": {"kind": kind, "detail": detail[:400], "confidence": confidence},
    }  # fmt: skip


def _placeholder(one: Placeholder) -> Row:
    can = set(one.capabilities)
    kind = (
        "access point"
        if "access point" in can
        else "router"
        if "router" in can
        else "switch"
        if "bridge" in can
        else ""
    )
    attributes: Row = {"kind": kind or "other"}
    if one.addresses:
        attributes["management_address"] = one.addresses[0]
    return {"class": "NetworkDevice", "name": one.name[:200], "ref": _seen(one.key), "attributes": attributes}


def _seen(key: str) -> str:
    return f"seen {key}"[:512]


def _vlans(devices: Iterable[Device], domain: str) -> list[Row]:
    names: dict[int, str] = {}
    for device in devices:
        for vlan in device.vlans if len(device.vlans) <= MOST_VLANS else ():
            names[vlan.number] = names.get(vlan.number) or vlan.name
    return [
        {"class": "Vlan", "name": name or f"VLAN {n}", "ref": f"vlan {domain} {n}",
         "attributes": {"vlan_id": n, "domain": domain}}
        for n, name in sorted(names.items())
    ]  # fmt: skip


def _memberships(devices: Iterable[Device], domain: str) -> Iterator[Row]:
    """Ports in VLANs that this device is reported to have; one that carries very many says it by its attributes."""
    for device in devices:
        there = {vlan.number for vlan in device.vlans} if len(device.vlans) <= MOST_VLANS else set()
        for port in device.ports:
            carried = dict.fromkeys(port.tagged, "tagged") | dict.fromkeys(port.untagged, "untagged")
            source = _inner(ref(device), "NetworkInterface", port.name)
            for vlan in sorted(carried.keys() & there) if len(carried) <= MOST_CARRIED else ():
                detail = f"{port.name} carries VLAN {vlan} {carried[vlan]}"
                yield _edge("IN_NETWORK", source, f"vlan {domain} {vlan}", "interface", detail, 1.0)


class _Ends:
    """Refs and classes of what links join."""

    def __init__(self, found: Topology) -> None:
        self._devices = {device.address: device for device in found.devices}
        self._seen = {one.key: one for one in found.placeholders if not is_station(one)}

    def whole(self, key: str) -> tuple[str, str] | None:
        """(ref, class) of a device or placeholder; None for a station."""
        if device := self._devices.get(key):
            return ref(device), device.cls
        return (_seen(key), "NetworkDevice") if key in self._seen else None

    def port(self, end: End) -> tuple[str, str] | None:
        """(ref, class) of a port where it is known, else of its device."""
        device = self._devices.get(end.device)
        if device and end.port and any(port.name == end.port for port in device.ports):
            return _inner(ref(device), "NetworkInterface", end.port), "NetworkInterface"
        return self.whole(end.device)


def _cables(found: Topology) -> Iterator[Row]:
    ends, relation = _Ends(found), catalogue().relation("CONNECTED_TO")
    for joint in found.joints:
        a, b = ends.port(joint.a), ends.port(joint.b)
        for one, other in ((a, b), (b, a)):
            if one and other and catalogue().joins(relation, one[1], other[1]):
                yield _edge("CONNECTED_TO", one[0], other[0], joint.protocols[0], _detail(joint), joint.confidence)
                break


def _detail(joint: Joint) -> str:
    return f"{joint.word}: {joint.detail}"


def _uplinks(found: Topology) -> Iterator[Row]:
    """Who hangs on whom: two of one dependent are spare to each other, as the relation says."""
    ends, relation = _Ends(found), catalogue().relation("ATTACHED_TO")
    cables: dict[tuple[str, str], Joint] = {}
    for joint in sorted(found.joints, key=lambda j: j.confidence):
        cables[(joint.a.device, joint.b.device)] = cables[(joint.b.device, joint.a.device)] = joint
    plugged: dict[tuple[str, str], Attachment] = {(a.device, a.at.device): a for a in found.attachments if a.device}
    for dependent, dependency in found.uplinks:
        one, other = ends.whole(dependent), ends.whole(dependency)
        if one is None or other is None or not catalogue().joins(relation, one[1], other[1]):
            continue
        if cable := cables.get((dependent, dependency)):
            yield _edge("ATTACHED_TO", one[0], other[0], cable.protocols[0], _detail(cable), cable.confidence)
        elif place := plugged.get((dependent, dependency)):
            yield _edge("ATTACHED_TO", one[0], other[0], "fdb", place.detail, place.confidence)


def _attached(found: Topology, known: Mapping[str, str]) -> Iterator[Row]:
    """Hosts that the graph knows and this run did not read, where a forwarding table places them."""
    ends = _Ends(found)
    for one in found.attachments:
        there = ends.whole(one.at.device)
        if not one.device and one.mac in known and there and there[1] in NETWORK:
            yield _edge("ATTACHED_TO", known[one.mac], there[0], "fdb", one.detail, one.confidence)
