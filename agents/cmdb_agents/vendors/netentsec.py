"""Netentsec firewalls."""

from cmdb_agents.vendor import Vendor

NETENTSEC = Vendor(
    name="netentsec",
    vendor="Netentsec",
    sentence="Netentsec firewalls.",
    object_ids=("1.3.6.1.4.1.30803",),
    cls="Firewall",
    describes="Netentsec",
    patterns=(r"Netentsec (?P<model>\S+)",),
)
