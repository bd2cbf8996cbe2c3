"""LLDP-MIB and LLDP-V2-MIB: what this device calls itself and its ports, and who says what at the other ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cmdb.words.device import Neighbour
from cmdb_agents.mib import Draft, Mib, columns
from cmdb_agents.snmp_text import bits, id_text, ip, mac, number, text
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue
from cmdb_agents.transports.snmp_walk import Walk, oid


@dataclass(frozen=True, slots=True)
class _Edition:
    """Where one of the two MIBs keeps things: in the second all remote columns stand one further."""

    root: Oid
    shift: int
    local_port: int  # where the local port stands in a remote index
    by_index: bool  # whether that is an ifIndex

    @property
    def remote(self) -> Oid:
        return (*self.root, 4, 1, 1)

    @property
    def ports(self) -> Oid:
        return (*self.root, 3, 7, 1)

    @property
    def managed(self) -> Oid:
        return (*self.root, 4, 2, 1)

    @property
    def length(self) -> int:
        return 3 + self.shift

    def columns(self) -> tuple[Oid, ...]:
        own = columns((*self.root, 3), 1, 2, 3)
        remote = columns(self.remote, *(n + self.shift for n in range(4, 13)))
        # Its index holds the address itself, so any readable column will do: this one says it on every device.
        return (*own, *columns(self.ports, 2, 3, 4), *remote, (*self.managed, 3))


FIRST = _Edition(oid("1.0.8802.1.1.2.1"), 0, 1, by_index=False)
SECOND = _Edition(oid("1.3.111.2.802.1.1.13.1"), 1, 1, by_index=True)
_CAPABILITIES = {2: "repeater", 3: "bridge", 4: "access point", 5: "router", 6: "telephone", 8: "station"}


def read(walk: Walk, draft: Draft) -> None:
    """Both MIBs; what both say is one neighbour."""
    seen = set[tuple[str, str, tuple[str, ...]]]()
    for edition in (FIRST, SECOND):
        _self(edition, walk, draft)
        numbers = _local_ports(edition, walk, draft)
        for neighbour in _neighbours(edition, walk, draft, numbers):
            key = (neighbour.port, neighbour.chassis, neighbour.ports)
            if key not in seen:
                seen.add(key)
                draft.neighbours.append(neighbour)


def _self(edition: _Edition, walk: Walk, draft: Draft) -> None:
    own = (*edition.root, 3)
    found = chassis_id(number(walk.values.get((*own, 1, 0))), walk.values.get((*own, 2, 0)))
    if found:
        draft.ids.add(found)
        if (address := mac(found)) == found:
            draft.macs.add(address)
    if name := text(walk.values.get((*own, 3, 0)), 200):
        draft.ids.add(name)


def _local_ports(edition: _Edition, walk: Walk, draft: Draft) -> dict[int, int]:
    """LLDP's number of a local port → ifIndex: by its own words where they name a port, else by the number itself."""
    kinds, ids, texts = (walk.column((*edition.ports, n)) for n in (2, 3, 4))
    by_name = {
        name: port.index for port in draft.ports.values() for name in (port.alias, port.label, port.short) if name
    }
    by_mac = {port.mac: port.index for port in draft.ports.values()}
    found: dict[int, int] = {}
    for index, value in ids.items():
        told, kind = text(value, 200), number(kinds.get(index))
        described = text(texts.get(index), 200)
        place = 0
        if kind == 3 and sum(mac(v) == mac(value) for v in ids.values()) == 1:
            place = by_mac.get(mac(value), 0)
        elif kind != 3:
            place = by_name.get(told, 0)
        place = place or by_name.get(described, 0)
        if not place and kind == 7 and told.isdigit() and int(told) in draft.ports:
            place = int(told)
        found[index[0]] = place or (index[0] if edition.by_index or index[0] in draft.ports else 0)
        if port := draft.ports.get(found[index[0]]):
            port.other += [name for name in (told if kind != 3 else "", described) if name and name not in port.other]
    return found


def _neighbours(edition: _Edition, walk: Walk, draft: Draft, numbers: dict[int, int]) -> Iterator[Neighbour]:
    at = {n: walk.column((*edition.remote, n + edition.shift)) for n in range(4, 13)}
    managed = _managed(edition, walk)
    for index in sorted({i for n in (5, 7, 9) for i in at[n] if len(i) == edition.length}):
        local = index[edition.local_port]
        place = numbers.get(local, 0) or draft.bridge_ports.get(local, 0) or local
        described = text(at[8].get(index), 200)
        ids = port_ids(number(at[6].get(index)), at[7].get(index), described)
        enabled = bits(at[12].get(index)) or bits(at[11].get(index))
        yield Neighbour(
            "lldp", draft.port_name(place), chassis_id(number(at[4].get(index)), at[5].get(index)),
            text(at[9].get(index), 200), ids, tuple(sorted(managed.get(index, ()))), text(at[10].get(index), 300),
            tuple(_CAPABILITIES[b] for b in enabled if b in _CAPABILITIES),
        )  # fmt: skip


def _managed(edition: _Edition, walk: Walk) -> dict[Oid, set[str]]:
    found: dict[Oid, set[str]] = {}
    for index in walk.column((*edition.managed, 3)):
        rest = index[edition.length :]
        if len(rest) > 2 and rest[0] in (1, 2) and (address := ip(rest[2 : 2 + rest[1]])):
            found.setdefault(index[: edition.length], set()).add(address)
    return found


def chassis_id(kind: int, value: SnmpValue | None) -> str:
    """A chassis id as text that compares: hardware addresses and IP addresses in their usual form."""
    if kind == 5 and isinstance(value, bytes) and len(value) in (5, 17):  # the first byte is the address family
        return ip(value[1:])
    return (mac(value) if kind == 4 else "") or id_text(value)


def port_ids(kind: int, value: SnmpValue | None, described: str) -> tuple[str, ...]:
    """What the other end calls its port. A hardware address comes after the words: some send one for all ports."""
    told = mac(value) or text(value, 200) if kind == 3 else text(value, 200)
    ordered = (described, told) if kind == 3 else (told, described)
    return tuple(dict.fromkeys(name for name in ordered if name))


LLDP = Mib("lldp", "Neighbours by LLDP, both editions.", (*FIRST.columns(), *SECOND.columns()), read, order=3)
