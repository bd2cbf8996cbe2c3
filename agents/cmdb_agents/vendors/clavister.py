"""Clavister firewalls."""

from cmdb_agents.vendor import Vendor

CLAVISTER = Vendor(
    name="clavister",
    vendor="Clavister",
    sentence="Clavister firewalls.",
    object_ids=("1.3.6.1.4.1.5089",),
    cls="Firewall",
    patterns=(r"Firewall (?P<version>[\d.-]+)", r"^(?P<model>\w+) Firewall"),
)
