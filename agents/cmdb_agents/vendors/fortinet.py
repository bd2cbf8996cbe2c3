"""Fortinet FortiGate firewalls."""

from cmdb_agents.vendor import Vendor

FORTINET = Vendor(
    name="fortinet",
    vendor="Fortinet",
    sentence="Fortinet FortiGate firewalls.",
    object_ids=("1.3.6.1.4.1.12356",),
    cls="Firewall",
    serial=("1.3.6.1.4.1.12356.100.1.1.1.0", "1.3.6.1.4.1.12356.1.2.0"),
    version=("1.3.6.1.4.1.12356.101.4.1.1.0", "1.3.6.1.4.1.12356.1.3.0"),
    patterns=(r"(?i)^(?P<model>forti\S+)",),
)
