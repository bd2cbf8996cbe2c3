"""ENTITY-MIB: enclosures with model and serial number; a stack is several of them behind one agent."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.words.device import Chassis
from cmdb_agents.mib import Draft, Mib, columns
from cmdb_agents.snmp_text import first, number, real, text
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue
from cmdb_agents.transports.snmp_walk import Walk, oid

TABLE = oid("1.3.6.1.2.1.47.1.1.1.1")
ALIAS = oid("1.3.6.1.2.1.47.1.3.2.1.2")
IF_INDEX = oid("1.3.6.1.2.1.2.2.1.1")
CHASSIS, MODULE, STACK = 3, 9, 11
WHOLES = frozenset({1, 2, CHASSIS, 4, MODULE, STACK})


def read(walk: Walk, draft: Draft) -> None:
    """Each outermost chassis is an enclosure; without one, the outermost thing that has a serial number."""
    kinds = {index: number(value) for index, value in walk.column((*TABLE, 5)).items()}
    inside = {index: number(value) for index, value in walk.column((*TABLE, 4)).items()}
    known = {n: walk.column((*TABLE, n)) for n in (2, 7, 10, 11, 12, 13)}
    found = [index for index, kind in kinds.items() if kind == CHASSIS and not _within(index, kinds, inside)]
    if not found:
        outer = [i for i in kinds if inside.get(i, 0) == 0 and kinds[i] != STACK]
        found = [i for i in outer if real(known[11].get(i))][:1] or outer[:1]
    for index in found[:64]:
        made = Chassis(
            first(text(known[7].get(index), 100), text(known[2].get(index), 100), f"chassis {index[0]}"),
            real(known[11].get(index)),
            real(known[13].get(index)),
            text(known[12].get(index), 100),
        )
        draft.chassis.append(made)
    _ports(walk, draft)
    draft.serials += [c.serial for c in draft.chassis if c.serial] or _only(known[11], kinds)
    draft.models += [c.model for c in draft.chassis if c.model]
    draft.versions += [v for v in (real(known[10].get(index)) for index in found) if v]
    # Modules carry the software's version where the chassis has none.
    draft.versions += [v for i, k in kinds.items() if k == MODULE and (v := real(known[10].get(i)))][:1]


def _only(serials: Mapping[Oid, SnmpValue], kinds: Mapping[Oid, int]) -> list[str]:
    """The one serial number of all that is no part to be changed: a box whose maker put it on its only module."""
    told = {real(value) for index, value in serials.items() if kinds.get(index) in WHOLES} - {""}
    return list(told) if len(told) == 1 else []


def _within(index: Oid, kinds: dict[Oid, int], inside: dict[Oid, int]) -> bool:
    """Whether another chassis holds it; a circle of containers ends the search."""
    at, seen = (inside.get(index, 0),), {index}
    while at != (0,) and at in kinds and at not in seen:
        if kinds[at] == CHASSIS:
            return True
        seen.add(at)
        at = (inside.get(at, 0),)
    return False


def _ports(walk: Walk, draft: Draft) -> None:
    names = walk.column((*TABLE, 7))
    for index, value in walk.column(ALIAS).items():
        if isinstance(value, tuple) and value[:-1] == IF_INDEX and (port := draft.ports.get(value[-1])):
            name = text(names.get(index[:1]), 100)
            if name and name not in port.other:
                port.other.append(name)


ENTITY = Mib(
    "entity", "Enclosures and their serial numbers.", (*columns(TABLE, 2, 4, 5, 7, 10, 11, 12, 13), ALIAS), read
)
