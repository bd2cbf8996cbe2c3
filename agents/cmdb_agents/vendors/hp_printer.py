"""HP printers."""

from cmdb_agents.vendor import Vendor

HP_PRINTER = Vendor(
    name="hp_printer",
    vendor="HP",
    sentence="HP printers.",
    object_ids=("1.3.6.1.4.1.11.2.3.9",),
    kind="other",
    serial=("1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.3.0",),
    model=("1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.2.0",),
    version=("1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.5.0",),
)
