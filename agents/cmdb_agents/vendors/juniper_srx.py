"""Juniper SRX: firewalls."""

from cmdb_agents.vendor import Vendor

JUNIPER_SRX = Vendor(
    name="juniper_srx",
    vendor="Juniper Networks",
    sentence="Juniper SRX: firewalls.",
    object_ids=("1.3.6.1.4.1.2636.1.1.1",),
    cls="Firewall",
    describes=r"(?i)\bv?srx\d*",
    serial=("1.3.6.1.4.1.2636.3.1.3.0",),
    patterns=(r"Juniper Networks, Inc\. (?P<model>[\w-]+)", r"JUNOS (?P<version>[^,\s]+)"),
)
