"""Printer-MIB: the serial number, and the model as HOST-RESOURCES describes the device."""

from __future__ import annotations

from cmdb_agents.mib import Draft, Mib
from cmdb_agents.snmp_text import real, text
from cmdb_agents.transports.snmp_walk import Walk, oid

GENERAL = oid("1.3.6.1.2.1.43.5.1.1")
DEVICES = oid("1.3.6.1.2.1.25.3.2.1")
PRINTER = oid("1.3.6.1.2.1.25.3.1.5")


def read(walk: Walk, draft: Draft) -> None:
    """Who has a row here is a printer."""
    if not walk.column((*GENERAL, 16)) and not walk.column((*GENERAL, 17)):
        return
    draft.kinds.append("printer")
    draft.serials += [s for value in walk.column((*GENERAL, 17)).values() if (s := real(value))]
    labels = walk.column((*DEVICES, 3))
    kinds = walk.column((*DEVICES, 2))
    draft.models += [m for index, kind in kinds.items() if kind == PRINTER and (m := text(labels.get(index), 100))]


PRINTERS = Mib(
    "printer", "Serial number and model of printers.",
    ((*GENERAL, 16), (*GENERAL, 17), (*DEVICES, 2), (*DEVICES, 3)), read,
)  # fmt: skip
