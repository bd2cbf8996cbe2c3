"""UPS-MIB: maker, model and version of what keeps the power on."""

from __future__ import annotations

from cmdb_agents.mib import Draft, Mib
from cmdb_agents.snmp_text import real, text
from cmdb_agents.transports.snmp_walk import Walk, oid

IDENT = oid("1.3.6.1.2.1.33.1.1")


def read(walk: Walk, draft: Draft) -> None:
    """Who has a row here keeps the power on, whatever else it is."""
    said = walk.column(IDENT)
    if not said:
        return
    draft.kinds.append("power supply")
    draft.vendor = draft.vendor or text(said.get((1, 0)), 100)
    draft.models += [m for m in (real(said.get((2, 0))),) if m]
    draft.versions += [v for v in (real(said.get((4, 0))), real(said.get((3, 0)))) if v]


UPS = Mib("ups", "Maker, model and version of power supplies.", (IDENT,), read)
