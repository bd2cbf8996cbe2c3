"""Brother printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

BROTHER = Vendor(
    name="brother",
    vendor="Brother",
    sentence="Brother printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.2435",),
    kind="other",
    patterns=(r"Firmware Ver\.?(?P<version>[\w.]+)",),
)
