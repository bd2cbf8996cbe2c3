"""Ubiquiti radios of the airMAX line."""

from cmdb_agents.vendor import Vendor

UBIQUITI_AIRMAX = Vendor(
    name="ubiquiti_airmax",
    vendor="Ubiquiti",
    sentence="Ubiquiti radios of the airMAX line.",
    object_ids=("1.3.6.1.4.1.41112", "1.3.6.1.4.1.10002.1"),
    kind="access point",
    model=("1.2.840.10036.3.1.2.1.3",),
    version=("1.2.840.10036.3.1.2.1.4",),
)
