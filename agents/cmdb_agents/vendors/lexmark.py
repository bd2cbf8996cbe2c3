"""Lexmark printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

LEXMARK = Vendor(
    name="lexmark",
    vendor="Lexmark",
    sentence="Lexmark printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.641",),
    kind="other",
)
