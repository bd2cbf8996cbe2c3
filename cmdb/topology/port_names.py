"""Port names, long and short: `Ethernet1/19` and `Eth1/19` are one port. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cmdb.words.device import Device, Port

_KINDS = {
    "ethernet": "eth", "eth": "eth", "et": "eth", "e": "eth", "en": "eth",
    "fastethernet": "fa", "fa": "fa", "fas": "fa", "fe": "fa",
    "gigabitethernet": "gi", "gigabit": "gi", "gig": "gi", "gi": "gi", "ge": "gi", "gige": "gi", "g": "gi",
    "tengigabitethernet": "te", "tengige": "te", "tengigabit": "te", "te": "te", "ten": "te", "xe": "te", "xge": "te",
    "xgigabitethernet": "te", "xg": "te", "xgei": "te", "tengig": "te",
    "twentyfivegige": "tw", "twentyfivegigabitethernet": "tw", "twe": "tw", "25ge": "tw",
    "fortygigabitethernet": "fo", "fortygige": "fo", "fo": "fo", "fge": "fo", "40ge": "fo", "xle": "fo",
    "hundredgige": "hu", "hundredgigabitethernet": "hu", "hu": "hu", "100ge": "hu", "hge": "hu",
    "portchannel": "po", "po": "po", "pc": "po",
    "bridgeaggregation": "bagg", "bagg": "bagg", "routeaggregation": "ragg", "ragg": "ragg",
    "ethtrunk": "ethtrunk", "trunk": "trk", "trk": "trk", "lag": "lag", "ae": "ae",
    "vlan": "vl", "vl": "vl", "vlanif": "vl", "vlaninterface": "vl", "ve": "vl",
    "management": "mgmt", "mgmt": "mgmt", "mgmteth": "mgmt", "meth": "mgmt", "loopback": "lo", "lo": "lo",
    "port": "", "interface": "", "if": "", "ifc": "", "slot": "", "unit": "", "gigabitport": "",
}  # fmt: skip
"""What makers write before the number, long and short. Only what means the same everywhere."""
_SHAPE = re.compile(r"([a-z][a-z_\- ]*|\d+ge)?[\s_\-]*(\d+(?:[/.:_\-]\d+)*)")
_SLOT_PORT = re.compile(r"slot:? ?(\d+),? port:? ?(\d+)")


def canonical(name: str) -> tuple[str, tuple[str, ...]] | None:
    """(kind, numbers) of a name that has both or numbers alone; None for every other name."""
    told = " ".join(name.lower().replace("\0", "").split())
    if slot := _SLOT_PORT.search(told):
        return "", (slot[1], slot[2])
    shaped = _SHAPE.fullmatch(told)
    if shaped is None:
        return None
    word = re.sub(r"[^a-z0-9]", "", shaped[1] or "")
    numbers = tuple(part.lstrip("0") or "0" for part in re.split(r"[^0-9]", shaped[2]))
    return _KINDS.get(word, word), numbers


def find(device: Device, told: Iterable[str]) -> Port | None:
    """The one port that is meant, by the surest of the names told; None when there is none, or more than one."""
    names = tuple(told)
    for match in (_exactly, _alike, _by_mac, _by_numbers):
        for name in names:
            found = [port for port in device.ports if match(port, name)]
            if len(found) > 1:
                found = [port for port in found if port.physical] or found
            if len(found) == 1:
                return found[0]
    return None


def _exactly(port: Port, name: str) -> bool:
    return name in port.names


def _alike(port: Port, name: str) -> bool:
    lowered, shaped = name.lower(), canonical(name)
    return any(n.lower() == lowered or (shaped is not None and canonical(n) == shaped) for n in port.names)


def _by_mac(port: Port, name: str) -> bool:
    return bool(port.mac) and port.mac == name


def _by_numbers(port: Port, name: str) -> bool:
    """`1/0/1` means Gi1/0/1 where a maker leaves the kind out at one end; of a cable's ports only."""
    shaped = canonical(name)
    if shaped is None or not port.physical:
        return False
    others = [c for c in map(canonical, port.names) if c is not None]
    return any(c[1] == shaped[1] and (not shaped[0] or not c[0]) for c in others)
