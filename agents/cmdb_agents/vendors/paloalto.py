"""Palo Alto firewalls."""

from cmdb_agents.vendor import Vendor

PALOALTO = Vendor(
    name="paloalto",
    vendor="Palo Alto Networks",
    sentence="Palo Alto firewalls.",
    object_ids=("1.3.6.1.4.1.25461",),
    cls="Firewall",
    serial=("1.3.6.1.4.1.25461.2.1.2.1.3.0",),
    version=("1.3.6.1.4.1.25461.2.1.2.1.1.0",),
    patterns=(r"Palo Alto Networks (?P<model>\S+)",),
)
