"""Epson printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

EPSON = Vendor(
    name="epson",
    vendor="Epson",
    sentence="Epson printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.1248",),
    kind="other",
)
