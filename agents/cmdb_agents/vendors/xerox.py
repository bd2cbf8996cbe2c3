"""Xerox printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

XEROX = Vendor(
    name="xerox",
    vendor="Xerox",
    sentence="Xerox printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.253",),
    kind="other",
)
