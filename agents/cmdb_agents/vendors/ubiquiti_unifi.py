"""Ubiquiti UniFi access points."""

from cmdb_agents.vendor import Vendor

UBIQUITI_UNIFI = Vendor(
    name="ubiquiti_unifi",
    vendor="Ubiquiti",
    sentence="Ubiquiti UniFi access points.",
    object_ids=("1.3.6.1.4.1.41112.1.6",),
    kind="access point",
    model=("1.3.6.1.4.1.41112.1.6.3.3.0",),
    version=("1.3.6.1.4.1.41112.1.6.3.6.0",),
    known_by_answers=True,
)
