"""Cisco switches for small businesses."""

from cmdb_agents.vendor import Vendor

CISCO_SB = Vendor(
    name="cisco_sb",
    vendor="Cisco",
    sentence="Cisco switches for small businesses.",
    object_ids=("1.3.6.1.4.1.9.6.1",),
    kind="switch",
    serial=("1.3.6.1.4.1.9.6.1.101.53.14.1.5",),
    version=("1.3.6.1.4.1.9.6.1.101.53.14.1.2",),
    patterns=(r"^(?P<model>[A-Z]+\d[\w-]+)",),
)
