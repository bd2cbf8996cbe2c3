"""Venustech firewalls."""

from cmdb_agents.vendor import Vendor

VENUSTECH = Vendor(
    name="venustech",
    vendor="Venustech",
    sentence="Venustech firewalls.",
    object_ids=("1.3.6.1.4.1.15227",),
    cls="Firewall",
    serial=("1.3.6.1.4.1.15227.200.1.3.0",),
    version=("1.3.6.1.4.1.15227.200.1.5.0",),
    patterns=(r"VSOS-(?P<version>\w+)",),
)
