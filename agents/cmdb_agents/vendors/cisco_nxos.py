"""Cisco NX-OS: switches of data centres."""

from cmdb_agents.vendor import Vendor

CISCO_NXOS = Vendor(
    name="cisco_nxos",
    vendor="Cisco",
    sentence="Cisco NX-OS: switches of data centres.",
    object_ids=("1.3.6.1.4.1.9.12.3.1.3",),
    kind="switch",
    patterns=(r"Version (?P<version>[^,\s]+)",),
)
