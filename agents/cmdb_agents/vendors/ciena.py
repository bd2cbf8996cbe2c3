"""Ciena service delivery switches."""

from cmdb_agents.vendor import Vendor

CIENA = Vendor(
    name="ciena",
    vendor="Ciena",
    sentence="Ciena service delivery switches.",
    object_ids=("1.3.6.1.4.1.6141", "1.3.6.1.4.1.1271"),
    kind="switch",
    serial=("1.3.6.1.4.1.6141.2.60.11.1.1.1.67.0",),
    version=("1.3.6.1.4.1.6141.2.60.10.1.1.3.1.2.1",),
    patterns=(r"^(?P<model>\d{4}\S*)",),
)
