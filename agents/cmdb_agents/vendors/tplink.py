"""TP-Link switches."""

from cmdb_agents.vendor import Vendor

TPLINK = Vendor(
    name="tplink",
    vendor="TP-Link",
    sentence="TP-Link switches.",
    object_ids=("1.3.6.1.4.1.11863",),
    kind="switch",
    serial=("1.3.6.1.4.1.11863.6.1.1.8.0",),
    model=("1.3.6.1.4.1.11863.6.1.1.5.0",),
    version=("1.3.6.1.4.1.11863.6.1.1.6.0",),
)
