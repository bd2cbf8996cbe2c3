"""Leadsec firewalls."""

from cmdb_agents.vendor import Vendor

LEADSEC = Vendor(
    name="leadsec",
    vendor="Leadsec",
    sentence="Leadsec firewalls.",
    object_ids=("1.3.6.1.4.1.9833",),
    cls="Firewall",
    serial=("1.3.6.1.4.1.9833.1.3.3.0",),
    version=("1.3.6.1.4.1.9833.1.3.5.0",),
)
