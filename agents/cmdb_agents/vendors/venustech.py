"""Venustech firewalls."""

from cmdb_agents.vendor import Vendor

VENUSTECH = Vendor(
    name="venustech",
    vendor="Venustech",
    sentence="Venustech firewalls.",
    object_ids=("1.3.6.1.4.1.15227",),
    cls="Firewall",
    patterns=(r"VSOS-(?P<version>\w+)",),
)
