"""IP-MIB: the device's own addresses, and the addresses it has resolved; the old tables where the new are missing."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.words.device import OwnAddress, Resolved
from cmdb_agents.addresses import is_loopback
from cmdb_agents.mib import MOST_ROWS, Draft, Mib, columns
from cmdb_agents.snmp_text import ip, mac, number, unicast
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue
from cmdb_agents.transports.snmp_walk import Walk, oid

OLD = oid("1.3.6.1.2.1.4.20.1")
NEW = oid("1.3.6.1.2.1.4.34.1")
V6 = oid("1.3.6.1.2.1.55.1.8.1.2")
ARP = oid("1.3.6.1.2.1.4.22.1")
NEIGHBOURS = oid("1.3.6.1.2.1.4.35.1")


def read(walk: Walk, draft: Draft) -> None:
    """Own addresses with their ports, and what ARP and neighbour discovery know."""
    _new(walk, draft)
    _old(walk, draft)
    for index, mac_ in _resolved(walk):
        port, address = index
        found = mac(mac_)
        if address and unicast(found) and len(draft.resolved) < MOST_ROWS and address not in draft.addresses:
            draft.resolved.setdefault((address, found), Resolved(address, found, draft.port_name(port)))


def _new(walk: Walk, draft: Draft) -> None:
    kinds, prefixes = walk.column((*NEW, 4)), walk.column((*NEW, 5))
    for index, value in walk.column((*NEW, 3)).items():
        if kinds.get(index) == 3:  # a broadcast address is nobody's
            continue
        address, pointer = ip(_bytes(index, 0)), prefixes.get(index)
        length = pointer[-1] if isinstance(pointer, tuple) and len(pointer) > 12 else None
        _own(draft, address, number(value), length)
    for index in walk.column(V6):
        if len(index) == 17:
            _own(draft, ip(index[1:]), index[0], None)


def _old(walk: Walk, draft: Draft) -> None:
    masks = walk.column((*OLD, 3))
    for index, value in walk.column((*OLD, 2)).items():
        mask = masks.get(index)
        length = int.from_bytes(mask, "big").bit_count() if isinstance(mask, bytes) and len(mask) == 4 else None
        _own(draft, ip(index) if len(index) == 4 and max(index) < 256 else "", number(value), length)


def _own(draft: Draft, address: str, port: int, length: int | None) -> None:
    if not address or is_loopback(address):
        return
    fits = length is not None and 0 <= length <= (128 if ":" in address else 32)
    known = draft.addresses.get(address)
    if known is None or known.prefix_length is None:
        draft.addresses[address] = OwnAddress(address, length if fits else None, draft.port_name(port))


def _bytes(index: Oid, at: int) -> bytes:
    """The address in an index of type, length, bytes."""
    body = index[at + 2 : at + 2 + index[at + 1]] if len(index) > at + 1 else ()
    return bytes(body) if all(n < 256 for n in body) else b""


def _resolved(walk: Walk) -> Iterator[tuple[tuple[int, str], SnmpValue]]:
    for index, value in walk.column((*ARP, 2)).items():
        if len(index) == 5 and max(index[1:]) < 256:
            yield (index[0], ip(index[1:])), value
    kinds = walk.column((*NEIGHBOURS, 6))
    for index, value in walk.column((*NEIGHBOURS, 4)).items():
        if kinds.get(index) != 2:  # invalid
            yield (index[0], ip(_bytes(index, 1))), value


ADDRESSES = Mib(
    "addresses", "Own and resolved addresses.",
    (*columns(OLD, 2, 3), *columns(NEW, 3, 4, 5), V6, (*ARP, 2), *columns(NEIGHBOURS, 4, 6)), read,
)  # fmt: skip
