"""One device under two names or addresses is one; two that merely look alike, or share a cloned id, are two. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from cmdb.words.device import Device

ALIKE = 0.5
"""How much of the shorter list of ports, or of hardware addresses, must be the same."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Readings that are of one device: the address it is kept under, the others, and why."""

    kept: str
    others: tuple[str, ...]
    why: str


def agreements(a: Device, b: Device) -> tuple[str, ...]:
    """What both say that is a device's own."""
    return tuple(_agreements(a, b))


def _agreements(a: Device, b: Device) -> Iterator[str]:
    if a.engine_id and a.engine_id == b.engine_id:
        yield "the same SNMP engine id"
    if a.serial and (a.serial, a.maker) == (b.serial, b.maker):
        yield "the same maker and serial number"
    if a.macs and b.macs and len(a.macs & b.macs) >= max(1, ALIKE * min(len(a.macs), len(b.macs))):
        yield "the same hardware addresses"
    own = [{one.address for one in d.addresses} for d in (a, b)]
    if b.address in own[0] and a.address in own[1]:
        yield "each has the other's address"
    if a.name == b.name and a.name not in (a.address, b.address):
        yield "the same name"


def contradictions(a: Device, b: Device) -> tuple[str, ...]:
    """What one device could not say twice."""
    found = [
        word
        for word, one, two in (
            ("serial number", a.serial, b.serial), ("maker", a.maker, b.maker), ("model", a.model, b.model),
            ("kind", a.object_id, b.object_id),
        )
        if one and two and one != two
    ]  # fmt: skip
    ports = [{p.name for p in d.ports} for d in (a, b)]
    if all(ports) and len(ports[0] & ports[1]) < ALIKE * max(map(len, ports)):
        found.append("ports")
    if a.macs and b.macs and not a.macs & b.macs:
        found.append("hardware addresses")
    return tuple(found)


def merged(devices: Sequence[Device]) -> tuple[tuple[Device, ...], tuple[Merge, ...]]:
    """Devices once each. Two things in common are needed and nothing against it, between all of a group."""
    groups: list[list[Device]] = []
    for device in sorted(devices, key=lambda d: (-len(d.ports), d.address)):
        for group in groups:
            if not any(contradictions(device, one) for one in group) and any(
                len(agreements(device, one)) >= 2 for one in group
            ):
                group.append(device)
                break
        else:
            groups.append([device])
    told = tuple(_told(group) for group in groups if len(group) > 1)
    return tuple(sorted((_one(group) for group in groups), key=lambda d: d.address)), told


def _told(group: Sequence[Device]) -> Merge:
    why = sorted({word for a, b in combinations(group, 2) for word in agreements(a, b)})
    return Merge(group[0].address, tuple(d.address for d in group[1:]), ", ".join(why))


def _one(group: Sequence[Device]) -> Device:
    """The fullest reading, with what the others add."""
    kept = group[0]
    if len(group) == 1:
        return kept
    return replace(
        kept,
        macs=frozenset().union(*(d.macs for d in group)),
        ids=frozenset().union(*(d.ids for d in group)),
        addresses=tuple({a.address: a for d in reversed(group) for a in d.addresses}.values()),
        neighbours=tuple(dict.fromkeys(n for d in group for n in d.neighbours)),
        learned=tuple(dict.fromkeys(one for d in group for one in d.learned)),
        resolved=tuple(dict.fromkeys(one for d in group for one in d.resolved)),
    )
