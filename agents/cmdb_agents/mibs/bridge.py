"""BRIDGE-MIB, Q-BRIDGE-MIB and Cisco's VLANs: forwarding tables, and which VLANs there are."""

from __future__ import annotations

from cmdb.words import Problem
from cmdb.words.device import Learned, LocalVlan
from cmdb_agents.mib import MOST_PORTS, MOST_ROWS, Draft, DraftPort, Mib, columns
from cmdb_agents.snmp_text import mac, number, text, unicast
from cmdb_agents.transports.snmp_ber import Oid
from cmdb_agents.transports.snmp_walk import Walk, oid

BASE = oid("1.3.6.1.2.1.17.1.1")
PORTS = oid("1.3.6.1.2.1.17.1.4.1.2")
FDB = oid("1.3.6.1.2.1.17.4.3.1")
QFDB = oid("1.3.6.1.2.1.17.7.1.2.2.1")
CURRENT = oid("1.3.6.1.2.1.17.7.1.4.2.1.3")
STATIC = oid("1.3.6.1.2.1.17.7.1.4.3.1.1")
VTP = oid("1.3.6.1.4.1.9.9.46.1.3.1.1")
INTERFACES = oid("1.3.6.1.2.1.2.2")
ETHERNET = 6
LEARNED, OWN = 3, 4
NO_VLANS = frozenset({1002, 1003, 1004, 1005})
"""Cisco keeps these for rings that nobody has any more."""
STP_STATE = oid("1.3.6.1.2.1.17.2.15.1.3")
CONTEXT_COLUMNS = (PORTS, *columns(FDB, 2, 3), STP_STATE)


def read(walk: Walk, draft: Draft) -> None:
    """The bridge's own address, its ports' numbers, its VLANs, and whom it has heard where."""
    if base := mac(walk.values.get((*BASE, 0))):
        draft.macs.add(base)
        draft.ids.add(base)
    draft.bridge_ports |= {i[0]: number(v) for i, v in walk.column(PORTS).items() if len(i) == 1}
    draft.bridges = bool(draft.bridge_ports)
    _bare_ports(walk, draft)
    _vlans(walk, draft)
    of_filter = {number(v): i[-1] for i, v in walk.column(CURRENT).items() if i}
    states = walk.column((*QFDB, 3))
    for index, value in walk.column((*QFDB, 2)).items():
        if len(index) == 7:
            vlan = of_filter.get(index[0], index[0])
            _heard(draft, index[1:], number(value), number(states.get(index)), vlan if 1 <= vlan <= 4094 else 0)
    _plain(walk, draft, 0)
    for context, inner in walk.contexts.items():
        draft.bridge_ports |= {i[0]: number(v) for i, v in inner.column(PORTS).items() if len(i) == 1}
        _plain(inner, draft, int(context) if context.isdigit() else 0)


def _bare_ports(walk: Walk, draft: Draft) -> None:
    """A bridge without a table of interfaces, not one whose table was cut, has the ports that it counts itself."""
    if draft.ports or walk.was_cut(INTERFACES):
        return
    for number_, index in sorted(draft.bridge_ports.items())[:MOST_PORTS]:
        place = index or number_
        draft.ports[place] = DraftPort(place, label=f"port {number_}", type=ETHERNET)


def _plain(walk: Walk, draft: Draft, vlan: int) -> None:
    states = walk.column((*FDB, 3))
    known = {mac_ for mac_, _ in draft.learned}
    for index, value in walk.column((*FDB, 2)).items():
        if len(index) == 6 and (vlan or _mac(index) not in known):
            _heard(draft, index, number(value), number(states.get(index)), vlan)


def _mac(index: Oid) -> str:
    return mac(bytes(index)) if all(n < 256 for n in index) else ""


def _heard(draft: Draft, index: Oid, port: int, state: int, vlan: int) -> None:
    address, name = _mac(index), draft.bridge_port_name(port)
    if state == OWN and address:
        draft.macs.add(address)
    elif unicast(address) and name and state in (0, LEARNED):
        if len(draft.learned) < MOST_ROWS:
            draft.learned[(address, vlan)] = Learned(address, name, vlan)
        elif not any(p.what == "forwarding table" for p in draft.problems):
            draft.problems.append(Problem("forwarding table", f"only {MOST_ROWS} entries are kept"))


def _vlans(walk: Walk, draft: Draft) -> None:
    names = {i[-1]: text(v, 100) for i, v in walk.column(STATIC).items() if i}
    names |= {i[-1]: names.get(i[-1], "") for i in walk.column(CURRENT) if i}
    titles = walk.column((*VTP, 4))
    names |= {i[-1]: text(titles.get(i), 100) for i in walk.column((*VTP, 2)) if len(i) == 2}
    for number_, name in sorted(names.items()):
        if 1 <= number_ <= 4094 and not (number_ in NO_VLANS and number_ in {i[-1] for i in titles}):
            draft.vlans[number_] = LocalVlan(number_, name)


def contexts(walk: Walk) -> tuple[str, ...]:
    """The VLANs whose forwarding tables a device keeps each in a context of its own."""
    if walk.column((*QFDB, 2)):
        return ()
    states = walk.column((*VTP, 2))
    return tuple(str(i[-1]) for i, v in sorted(states.items()) if v == 1 and i[-1] not in NO_VLANS)


BRIDGE = Mib(
    "bridge", "Forwarding tables and VLANs.",
    (BASE, PORTS, *columns(FDB, 2, 3), *columns(QFDB, 2, 3), CURRENT, STATIC, *columns(VTP, 2, 4)), read,
)  # fmt: skip
