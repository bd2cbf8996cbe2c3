"""Q-BRIDGE-MIB and Cisco's VTP and membership MIBs: which VLANs a port carries, with a tag and without; and the state
in which spanning tree holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from cmdb_agents.mib import Draft, DraftPort, Mib, columns
from cmdb_agents.mibs.bridge import STP_STATE
from cmdb_agents.snmp_text import bits, number, text
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue
from cmdb_agents.transports.snmp_walk import Walk, oid

CURRENT = oid("1.3.6.1.2.1.17.7.1.4.2.1")
STATIC = oid("1.3.6.1.2.1.17.7.1.4.3.1")
PVID = oid("1.3.6.1.2.1.17.7.1.4.5.1.1")
ACCESS = oid("1.3.6.1.4.1.9.9.68.1.2.2.1.2")
TRUNK = oid("1.3.6.1.4.1.9.9.46.1.6.1.1")
NATIVE, STATUS = 5, 14
ALLOWED = {4: 0, 17: 1024, 18: 2048, 19: 3072}
"""Columns of 1,024 VLANs each, and the first of them."""
TRUNKING = 1
JUNIPER = "1.3.6.1.4.1.2636."
"""Writes its lists of ports as text, 8,9 for two of them, where the standard has a bit for each."""
STATES = {1: "disabled", 2: "blocking", 3: "listening", 4: "learning", 5: "forwarding", 6: "broken"}


def read(walk: Walk, draft: Draft) -> None:
    """Membership by the standard tables, else by Cisco's own."""
    _standard(walk, draft)
    _cisco(walk, draft)
    _spanning(walk, draft, 0)
    for context, inner in walk.contexts.items():
        _spanning(inner, draft, int(context) if context.isdigit() else 0)


def _standard(walk: Walk, draft: Draft) -> None:
    egress, plain = _by_vlan(walk, 4, 2), _by_vlan(walk, 5, 4)
    numbers = _reading(draft, egress.values())
    for vlan, members in egress.items():
        bare = set(numbers(plain.get(vlan)))
        for member in numbers(members):
            if port := _port(draft, member):
                (port.untagged if member in bare else port.tagged).add(vlan)
    for index, value in walk.column(PVID).items() if not egress else ():
        # Without any list of members the VLAN of untagged frames is all that is known of a port.
        if len(index) == 1 and 1 <= number(value) <= 4094 and (port := _port(draft, index[0])):
            port.untagged.add(number(value))


def _by_vlan(walk: Walk, now: int, configured: int) -> dict[int, SnmpValue]:
    """The list of ports of each VLAN: as it is in force, else as it is configured."""
    found = {i[-1]: value for i, value in walk.column((*STATIC, configured)).items() if len(i) == 1}
    found |= {i[-1]: value for i, value in walk.column((*CURRENT, now)).items() if len(i) == 2}
    return {vlan: value for vlan, value in found.items() if 1 <= vlan <= 4094}


def _reading(draft: Draft, lists: Iterable[SnmpValue]) -> Callable[[SnmpValue | None], list[int]]:
    """How a device writes its lists: by the standard where most of the ports exist, backwards where all of them do.

    Where neither is so, as no ports at all: lists that cannot be read make no members.
    """
    told = list(lists)
    for reading, enough in ((_texts if draft.object_id.startswith(JUNIPER) else bits, 0.5), (_backwards, 1.0)):
        named = {number_ for value in told for number_ in reading(value)}
        if sum(_port(draft, one) is not None for one in named) >= enough * len(named):
            return reading
    return lambda _: []


def _backwards(value: SnmpValue | None) -> list[int]:
    """The ports of a list whose lowest bit is port 1."""
    size = 8 * len(value) if isinstance(value, bytes) else 0
    return [size + 1 - bit for bit in reversed(bits(value))]


def _texts(value: SnmpValue | None) -> list[int]:
    """The numbers that a list of ports spells out."""
    return [int(one) for one in text(value, 50_000).split(",") if one.strip().isdigit()]


def _port(draft: Draft, member: int) -> DraftPort | None:
    return draft.ports.get(draft.bridge_ports.get(member, 0 if draft.bridge_ports else member))


def _cisco(walk: Walk, draft: Draft) -> None:
    trunks = {i[0]: number(v) == TRUNKING for i, v in walk.column((*TRUNK, STATUS)).items() if len(i) == 1}
    allowed = {first: walk.column((*TRUNK, n)) for n, first in ALLOWED.items()}
    native = walk.column((*TRUNK, NATIVE))
    for index in (index for index, trunking in trunks.items() if trunking):
        if port := draft.ports.get(index):
            own = number(native.get((index,)))
            port.untagged |= {own} - {0}
            port.tagged |= {vlan for vlan in _allowed(allowed, index) if vlan in draft.vlans} - {own}
    for at, value in walk.column(ACCESS).items():
        port = draft.ports.get(at[0]) if len(at) == 1 and not trunks.get(at[0]) else None
        if port and 1 <= number(value) <= 4094:
            port.untagged.add(number(value))


def _allowed(columns_: Mapping[int, Mapping[Oid, SnmpValue]], index: int) -> Iterator[int]:
    """A trunk allows numbers that no VLAN has, mostly all of them: who asks keeps those that there are."""
    for first, column in columns_.items():
        yield from (first + bit - 1 for bit in bits(column.get((index,))))


def _spanning(walk: Walk, draft: Draft, vlan: int) -> None:
    for index, value in walk.column(STP_STATE).items():
        state = STATES.get(number(value))
        if state and len(index) == 1 and (port := _port(draft, index[0])):
            port.spanning[vlan] = state


VLANS = Mib(
    "vlans", "Membership of ports in VLANs, and their state in the spanning tree.",
    (*columns(CURRENT, 4, 5), *columns(STATIC, 2, 4), PVID, ACCESS, *columns(TRUNK, NATIVE, STATUS, *ALLOWED),
     STP_STATE), read, order=3,
)  # fmt: skip
