"""IF-MIB, IEEE8023-LAG-MIB: interfaces, which lies over which, and who is bundled with whom."""

from __future__ import annotations

from cmdb.words import Problem
from cmdb_agents.mib import MOST_PORTS, Draft, DraftPort, Mib, columns
from cmdb_agents.snmp_text import mac, number, text
from cmdb_agents.transports.snmp_walk import Walk, oid

TABLE = oid("1.3.6.1.2.1.2.2.1")
EXTENDED = oid("1.3.6.1.2.1.31.1.1.1")
STACK = oid("1.3.6.1.2.1.31.1.2.1.3")
ATTACHED = oid("1.2.840.10006.300.43.1.2.1.1.13")
PAGP = oid("1.3.6.1.4.1.9.9.98.1.1.1.1.8")

AGGREGATES = frozenset({161, 54})
"""ifType of ieee8023adLag and propMultiplexor, which older switches call their trunks."""
MOST_SPEED = 4_294_967_295


def read(walk: Walk, draft: Draft) -> None:
    """One port for each row of either table."""
    tables = {n: walk.column((*TABLE, n)) for n in (2, 3, 4, 5, 6, 8)}
    more = {n: walk.column((*EXTENDED, n)) for n in (1, 15, 17, 18)}
    indexes = sorted({i[0] for column in (*tables.values(), *more.values()) for i in column if len(i) == 1})
    if len(indexes) > MOST_PORTS:
        draft.problems.append(Problem("interfaces", f"only {MOST_PORTS} of {len(indexes)} are kept"))
    for index in indexes[:MOST_PORTS]:
        at = (index,)
        fast, slow = number(more[15].get(at)), number(tables[5].get(at))
        draft.ports[index] = DraftPort(
            index,
            label=text(tables[2].get(at), 200),
            short=text(more[1].get(at), 200),
            alias=text(more[18].get(at), 200),
            type=number(tables[3].get(at)),
            mac=mac(tables[6].get(at)),
            mtu=number(tables[4].get(at)),
            speed_mbps=fast or (slow // 1_000_000 if slow < MOST_SPEED else 0),
            up=number(tables[8].get(at)) == 1,
            connector={1: True, 2: False}.get(number(more[17].get(at))),
        )
    _unique(draft)
    draft.macs |= {port.mac for port in draft.ports.values() if port.mac}
    _masters(walk, draft)


def _unique(draft: Draft) -> None:
    """A name that several ports share names none of them: these go by their description, else by both together."""
    for attribute in ("short", "label"):
        seen: dict[str, list[DraftPort]] = {}
        for port in draft.ports.values():
            seen.setdefault(port.name, []).append(port)
        for name, ports in seen.items():
            for port in ports if len(ports) > 1 else ():
                if attribute == "short" and port.short and port.label:
                    port.short = ""
                elif attribute == "label":
                    port.short = f"{name} {port.index}"


def _masters(walk: Walk, draft: Draft) -> None:
    """By LACP, by PAgP, else by what lies under an aggregate."""
    for root in (ATTACHED, PAGP):
        for index, value in walk.column(root).items():
            port, master = draft.ports.get(index[0]), number(value)
            if port and master in draft.ports and master != index[0] and not port.master:
                port.master = master
    for index in walk.column(STACK):
        if len(index) == 2 and all(index):
            over, under = draft.ports.get(index[0]), draft.ports.get(index[1])
            if over and under and over.type in AGGREGATES and under.type not in AGGREGATES and not under.master:
                under.master = over.index


INTERFACES = Mib(
    "interfaces", "Interfaces, their layers and bundles.",
    (*columns(TABLE, 2, 3, 4, 5, 6, 8), *columns(EXTENDED, 1, 15, 17, 18), STACK, ATTACHED, PAGP), read, order=1,
)  # fmt: skip
