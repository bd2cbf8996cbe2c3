"""Cisco ASA and Firepower: firewalls."""

from cmdb_agents.vendor import Vendor

CISCO_ASA = Vendor(
    name="cisco_asa",
    vendor="Cisco",
    sentence="Cisco ASA and Firepower: firewalls.",
    object_ids=("1.3.6.1.4.1.9.1",),
    cls="Firewall",
    describes="Adaptive Security Appliance|Firepower|Firewall",
    patterns=(r"Version (?P<version>[^,\s]+)",),
)
