"""Konica Minolta printers: model and serial number by the Printer MIB."""

from cmdb_agents.vendor import Vendor

KONICA_MINOLTA = Vendor(
    name="konica_minolta",
    vendor="Konica Minolta",
    sentence="Konica Minolta printers: model and serial number by the Printer MIB.",
    object_ids=("1.3.6.1.4.1.18334",),
    kind="other",
)
