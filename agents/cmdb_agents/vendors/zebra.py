"""Zebra printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

ZEBRA = Vendor(
    name="zebra",
    vendor="Zebra",
    sentence="Zebra printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.10642",),
    kind="other",
)
