"""Brocade switches of storage networks."""

from cmdb_agents.vendor import Vendor

BROCADE_FIBRE_CHANNEL = Vendor(
    name="brocade_fibre_channel",
    vendor="Brocade",
    sentence="Brocade switches of storage networks.",
    object_ids=("1.3.6.1.4.1.1588",),
    kind="switch",
    serial=("1.3.6.1.4.1.1588.2.1.1.1.1.10.0",),
    version=("1.3.6.1.4.1.1588.2.1.1.1.1.6.0",),
)
