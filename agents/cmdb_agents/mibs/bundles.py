"""Who is bundled with whom, where no port says so itself: IEEE8023-LAG-MIB's and Comware's lists, Huawei's trunks.

A list has a bit for each port, and devices number its ports in two ways: as interfaces, or as their bridge does. A way
counts where every port of every list exists, is an Ethernet port that bundles no others, and is in one list only. Where
both ways do and say different things, neither counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cmdb_agents.mib import Draft, DraftPort, Mib
from cmdb_agents.snmp_text import bits, number
from cmdb_agents.transports.snmp_walk import Walk, oid

LISTS = oid("1.2.840.10006.300.43.1.1.2.1.1")
COMWARE_LISTS = oid("1.3.6.1.4.1.25506.8.25.1.1.1.4")
TRUNKS = oid("1.3.6.1.4.1.2011.5.25.41.1.3.3.1.4")
TRUNK_MEMBERS = oid("1.3.6.1.4.1.2011.5.25.41.1.4.1.1.2")
ETHERNET = frozenset({6, 62, 69, 117})
"""ifType of what can be bundled: ethernetCsmacd, and what older switches call fast and gigabit Ethernet."""
VALID = 1
_COMWARE_NAME = re.compile(r"(?i)(?:bridge-aggregation|bagg|(?P<route>route-aggregation|ragg))(?P<number>\d+)")
_ROUTED = 16_384
"""What Comware adds to the number of a bundle that routes."""

Members = dict[int, set[int]]
"""ifIndexes by that of their aggregate."""


def read(walk: Walk, draft: Draft) -> None:
    """Only of ports that no other source has bundled: those tell each port's aggregate without any reading."""
    for members in (_trunks(walk, draft), _lists(walk, draft), _comware(walk, draft)):
        for master, ports in members.items():
            for index in ports:
                port = draft.ports[index]
                port.master = port.master or master


def _trunks(walk: Walk, draft: Draft) -> Members:
    """Huawei numbers its trunks apart from its interfaces."""
    masters = {index[0]: number(value) for index, value in walk.column(TRUNKS).items() if len(index) == 1}
    found: Members = {}
    for index, value in walk.column(TRUNK_MEMBERS).items():
        if len(index) != 2 or number(value) != VALID:
            continue
        master, member = masters.get(index[0], 0), index[1]
        if master in draft.ports and member in draft.ports:
            found.setdefault(master, set()).add(member)
    return found if _sound(found) else {}


def _lists(walk: Walk, draft: Draft) -> Members:
    """The standard's lists, by the ifIndex of the aggregate."""
    told = {index[0]: bits(value) for index, value in walk.column(LISTS).items() if len(index) == 1}
    return _understood({master: ports for master, ports in told.items() if master in draft.ports}, draft)


def _comware(walk: Walk, draft: Draft) -> Members:
    """Comware's lists, by the number that is in the name of the aggregate."""
    names = {
        int(named["number"]) + (_ROUTED if named["route"] else 0): port.index
        for port in draft.ports.values()
        for name in (port.label, port.short)
        if (named := _COMWARE_NAME.fullmatch(name))
    }
    told = {index[0]: bits(value) for index, value in walk.column(COMWARE_LISTS).items() if len(index) == 1}
    return _understood({names[group]: ports for group, ports in told.items() if group in names}, draft)


def _understood(told: Mapping[int, list[int]], draft: Draft) -> Members:
    """The lists by the one way of numbering that fits."""
    ways: list[Callable[[int], int]] = [lambda one: one, lambda one: draft.bridge_ports.get(one, 0)]
    fitting: list[Members] = []
    for way in ways:
        members = {master: {way(one) for one in ports} for master, ports in told.items() if ports}
        members = {master: ports for master, ports in members.items() if ports != {master}}  # a port on its own
        every = set[int]().union(*members.values())
        if every and _sound(members) and all(_ethernet(draft.ports.get(index)) for index in every):
            fitting.append(members)
    return fitting[0] if fitting and all(one == fitting[0] for one in fitting) else {}


def _sound(members: Members) -> bool:
    """Nothing is bundled twice, nor bundled and a bundle."""
    every = [index for ports in members.values() for index in ports]
    return len(set(every)) == len(every) and not members.keys() & set(every)


def _ethernet(port: DraftPort | None) -> bool:
    return port is not None and port.type in ETHERNET


BUNDLES = Mib(
    "bundles", "Bundles of ports by lists of their members.", (LISTS, COMWARE_LISTS, TRUNKS, TRUNK_MEMBERS), read,
    order=3,
)  # fmt: skip
