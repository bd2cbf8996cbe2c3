"""Cisco wireless controllers of the AireOS line."""

from cmdb_agents.vendor import Vendor

CISCO_WLC = Vendor(
    name="cisco_wlc",
    vendor="Cisco",
    sentence="Cisco wireless controllers of the AireOS line.",
    object_ids=("1.3.6.1.4.1.9.1", "1.3.6.1.4.1.14179.1.1"),
    kind="other",
    describes="^Cisco Controller",
    serial=("1.3.6.1.4.1.14179.1.1.1.4.0",),
    model=("1.3.6.1.4.1.14179.1.1.1.3.0",),
    version=("1.3.6.1.4.1.14179.1.1.1.14.0",),
)
