"""CISCO-CDP-MIB, and the like of Foundry (FDP) and Extreme (EDP): neighbours by the makers' own protocols."""

from __future__ import annotations

import re

from cmdb.words.device import Neighbour
from cmdb_agents.mib import Draft, Mib, columns
from cmdb_agents.snmp_text import first, id_text, ip, mac, number, text
from cmdb_agents.transports.snmp_walk import Walk, oid

CDP = oid("1.3.6.1.4.1.9.9.23.1.2.1.1")
CDP_SELF = oid("1.3.6.1.4.1.9.9.23.1.3.4")
FDP = oid("1.3.6.1.4.1.1991.1.1.3.20.1.2.1.1")
EDP = oid("1.3.6.1.4.1.1916.1.13.2.1")
_NAMED = re.compile(r"(?P<name>[^()]+)\((?P<serial>[^()]{3,})\)")
_CAPABILITIES = {0x01: "router", 0x02: "bridge", 0x08: "bridge", 0x10: "station", 0x80: "telephone"}


def read(walk: Walk, draft: Draft) -> None:
    """All three protocols."""
    if own := text(walk.values.get((*CDP_SELF, 0)), 200):
        draft.ids |= {own, device_id(own)[0]} - {""}
    _cached(
        walk, draft, "cdp", CDP, {"address": 4, "version": 5, "id": 6, "port": 7, "platform": 8, "can": 9, "name": 17}
    )
    _cached(walk, draft, "fdp", FDP, {"address": 5, "version": 6, "id": 3, "port": 7, "platform": 8})
    _extreme(walk, draft)


def device_id(told: str) -> tuple[str, str]:
    """(name, the rest): `name(serial)` taken apart; a hardware address is an id and no name."""
    if named := _NAMED.fullmatch(told):
        return named["name"].strip(), named["serial"].strip()
    return ("", mac(told)) if mac(told) else (told, "")


def _cached(walk: Walk, draft: Draft, protocol: str, root: tuple[int, ...], at: dict[str, int]) -> None:
    found = {word: walk.column((*root, n)) for word, n in at.items()}
    for index, value in found["id"].items():
        if len(index) != 2:
            continue
        name, other = device_id(id_text(value))
        address = found["address"].get(index)
        can = found.get("can", {}).get(index)
        able = int.from_bytes(can[-4:], "big") if isinstance(can, bytes) else number(can)
        draft.neighbours.append(
            Neighbour(
                protocol, draft.port_name(index[0]), first(other, name),
                first(text(found.get("name", {}).get(index), 200), name),
                tuple(p for p in (text(found["port"].get(index), 200),) if p),
                tuple(a for a in (ip(address if isinstance(address, bytes) else b""),) if a),
                first(text(found["platform"].get(index), 200), text(found["version"].get(index), 300)),
                tuple(dict.fromkeys(word for bit, word in _CAPABILITIES.items() if able & bit)),
            )
        )  # fmt: skip


def _extreme(walk: Walk, draft: Draft) -> None:
    names, slots, ports = (walk.column((*EDP, n)) for n in (3, 5, 6))
    for index, value in names.items():
        slot, port = number(slots.get(index)), number(ports.get(index))
        # The id in the index is two zero bytes and the hardware address.
        chassis = mac(bytes(index[-6:])) if len(index) > 6 and all(n < 256 for n in index[-6:]) else ""
        told = (f"{slot}:{port}", str(port)) if slot else (str(port),)
        draft.neighbours.append(
            Neighbour("edp", draft.port_name(index[0]), chassis, text(value, 200), told if port else ())
        )


CISCO = Mib(
    "cdp", "Neighbours by CDP, FDP and EDP.",
    (*columns(CDP, 4, 5, 6, 7, 8, 9, 17), CDP_SELF, *columns(FDP, 3, 5, 6, 7, 8), *columns(EDP, 3, 5, 6)),
    read, order=3,
)  # fmt: skip
