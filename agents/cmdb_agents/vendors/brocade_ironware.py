"""Brocade and Ruckus ICX switches, once of Foundry."""

from cmdb_agents.vendor import Vendor

BROCADE_IRONWARE = Vendor(
    name="brocade_ironware",
    vendor="Brocade",
    sentence="Brocade and Ruckus ICX switches, once of Foundry.",
    object_ids=("1.3.6.1.4.1.1991",),
    kind="switch",
    serial=("1.3.6.1.4.1.1991.1.1.1.1.2.0",),
    version=("1.3.6.1.4.1.1991.1.1.2.1.11.0",),
    patterns=(r"Inc\. (?P<model>[^,]+), IronWare Version (?P<version>\S+?)(?: Compiled|$)",),
)
