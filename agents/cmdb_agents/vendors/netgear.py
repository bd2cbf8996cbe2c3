"""Netgear switches."""

from cmdb_agents.vendor import Vendor

NETGEAR = Vendor(
    name="netgear",
    vendor="Netgear",
    sentence="Netgear switches.",
    object_ids=("1.3.6.1.4.1.4526",),
    kind="switch",
    serial=("1.3.6.1.4.1.4526.10.1.1.1.4.0", "1.3.6.1.4.1.4526.11.1.1.1.4.0"),
    model=("1.3.6.1.4.1.4526.10.1.1.1.3.0", "1.3.6.1.4.1.4526.11.1.1.1.3.0"),
    version=("1.3.6.1.4.1.4526.10.1.1.1.13.0", "1.3.6.1.4.1.4526.11.1.1.1.13.0"),
    patterns=(r"^(?P<model>[A-Z]+\d\w+)",),
)
