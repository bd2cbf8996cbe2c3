"""Topsec firewalls."""

from cmdb_agents.vendor import Vendor

TOPSEC = Vendor(
    name="topsec",
    vendor="Topsec",
    sentence="Topsec firewalls.",
    object_ids=("1.3.6.1.4.1.14331",),
    cls="Firewall",
    serial=("1.3.6.1.4.1.14331.5.5.1.3.1.0",),
    patterns=(r"Topsec (?P<model>\S+)", r"Software Version (?P<version>\S+)"),
)
