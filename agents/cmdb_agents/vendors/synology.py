"""Synology storage."""

from cmdb_agents.vendor import Vendor

SYNOLOGY = Vendor(
    name="synology",
    vendor="Synology",
    sentence="Synology storage.",
    object_ids=("1.3.6.1.4.1.6574",),
    cls="StorageArray",
    serial=("1.3.6.1.4.1.6574.1.5.2.0",),
    model=("1.3.6.1.4.1.6574.1.5.1.0",),
    version=("1.3.6.1.4.1.6574.1.5.3.0",),
    known_by_answers=True,
)
