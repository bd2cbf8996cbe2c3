"""OKI printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

OKI = Vendor(
    name="oki",
    vendor="OKI",
    sentence="OKI printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.2001",),
    kind="other",
)
