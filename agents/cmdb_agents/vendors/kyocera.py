"""Kyocera printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

KYOCERA = Vendor(
    name="kyocera",
    vendor="Kyocera",
    sentence="Kyocera printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.1347",),
    kind="other",
)
