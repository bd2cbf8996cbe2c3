"""Sophos firewalls."""

from cmdb_agents.vendor import Vendor

SOPHOS = Vendor(
    name="sophos",
    vendor="Sophos",
    sentence="Sophos firewalls.",
    object_ids=("1.3.6.1.4.1.2604", "1.3.6.1.4.1.21067"),
    cls="Firewall",
    serial=("1.3.6.1.4.1.2604.5.1.1.4.0",),
    model=("1.3.6.1.4.1.2604.5.1.1.2.0",),
    version=("1.3.6.1.4.1.2604.5.1.1.3.0",),
    known_by_answers=True,
)
