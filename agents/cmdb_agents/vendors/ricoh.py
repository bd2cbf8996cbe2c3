"""Ricoh printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

RICOH = Vendor(
    name="ricoh",
    vendor="Ricoh",
    sentence="Ricoh printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.367",),
    kind="other",
)
