"""Canon printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

CANON = Vendor(
    name="canon",
    vendor="Canon",
    sentence="Canon printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.1602",),
    kind="other",
)
