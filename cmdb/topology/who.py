"""Which device a neighbour is: by its id, name and addresses together; a placeholder when nobody knows it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cmdb.words.device import Device, Neighbour

_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A device that others name and nobody has read: what they say of it. `key` is the surest of it."""

    key: str
    name: str
    addresses: tuple[str, ...] = ()
    description: str = ""
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a neighbour was not taken for anybody."""

    why: str


def short(name: str) -> str:
    """A name without its domain, in lower case; an address is no name."""
    lowered = name.strip().lower()
    return "" if re.fullmatch(r"[\d.]+", lowered) or ":" in lowered else lowered.partition(".")[0]


class Directory:
    """Devices by all that may name them."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._by: dict[str, dict[str, set[str]]] = {word: {} for word in ("id", "full", "short", "address", "serial")}
        self.devices = {device.address: device for device in devices}
        for key, device in self.devices.items():
            self._add("id", (*device.macs, *(i.lower() for i in device.ids)), key)
            self._add("full", (device.name.lower(), *(i.lower() for i in device.ids if not _MAC.fullmatch(i))), key)
            self._add("short", (short(device.name), *(short(i) for i in device.ids)), key)
            self._add("address", (key, *(one.address for one in device.addresses)), key)
            self._add("serial", (device.serial, *(c.serial for c in device.chassis)), key)
        self._placeholders: dict[str, Placeholder] = {}

    def _add(self, word: str, values: Iterable[str], key: str) -> None:
        for value in values:
            if value:
                self._by[word].setdefault(value, set()).add(key)

    def who(self, neighbour: Neighbour, asking: str) -> Device | Placeholder | Doubt:
        """The device; a placeholder for one that nobody read; or why it could be several."""
        votes = [found for found in self._votes(neighbour) if found]
        if not votes:
            return self._placeholder(neighbour)
        common = set.intersection(*votes)
        if not common:
            unique = [found for found in votes if len(found) == 1]
            if len({next(iter(one)) for one in unique}) > 1:
                return Doubt(f"its id, name and address belong to {self._names(set.union(*votes))}")
            common = votes[0]  # the id counts before the name, and the name before the address
        if len(common) > 1:
            return Doubt(f"it could be {self._names(common)}")
        (key,) = common
        if key == asking:
            return Doubt("the device sees itself: the port is looped, or its id is a copy")
        return self.devices[key]

    def _votes(self, neighbour: Neighbour) -> Iterable[set[str]]:
        by, chassis = self._by, neighbour.chassis.lower()
        yield by["id"].get(chassis, set()) | by["serial"].get(neighbour.chassis, set())
        names = [name for name in (neighbour.name, "" if _MAC.fullmatch(chassis) else neighbour.chassis) if name]
        full = set[str]().union(*(by["full"].get(name.lower(), set()) for name in names))
        yield full or set[str]().union(*(by["short"].get(short(name), set()) for name in names if short(name)))
        at = set[str]().union(*(by["address"].get(address, set()) for address in neighbour.addresses))
        yield {key for key in at if not self._denies(neighbour, self.devices[key])}

    def _denies(self, neighbour: Neighbour, device: Device) -> bool:
        """Whether neither id nor name is the device's: then the address alone, mostly a private one, is another's."""
        chassis, name = neighbour.chassis.lower(), short(neighbour.name)
        by_id = bool(_MAC.fullmatch(chassis) and device.macs) and chassis not in {*device.macs, *device.ids}
        return by_id and bool(name) and name not in {short(device.name), *map(short, device.ids)}

    def _names(self, keys: Iterable[str]) -> str:
        found = sorted(f"{self.devices[key].name} ({key})" for key in keys)
        return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")

    def _placeholder(self, neighbour: Neighbour) -> Placeholder | Doubt:
        key = (neighbour.chassis or neighbour.name or next(iter(neighbour.addresses), "")).lower()
        if not key:
            return Doubt("it did not say who it is")
        known = self._placeholders.get(key)
        by_name = short(neighbour.name)
        if known is None and by_name and not _MAC.fullmatch(neighbour.chassis):
            known = next((p for p in self._placeholders.values() if short(p.name) == by_name), None)
        known = known or Placeholder(key, neighbour.name or neighbour.chassis or key)
        made = Placeholder(
            known.key,
            neighbour.name if known.name == known.key and neighbour.name else known.name,
            tuple(sorted({*known.addresses, *neighbour.addresses})),
            known.description or neighbour.description,
            tuple(dict.fromkeys((*known.capabilities, *neighbour.capabilities))),
        )
        self._placeholders[made.key] = made
        return made

    def placeholders(self) -> tuple[Placeholder, ...]:
        """All that were named so far, each with what all said of it."""
        return tuple(self._placeholders[key] for key in sorted(self._placeholders))
