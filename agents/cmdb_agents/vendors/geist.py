"""Geist power strips and sensors."""

from cmdb_agents.vendor import Vendor

GEIST = Vendor(
    name="geist",
    vendor="Vertiv",
    sentence="Geist power strips and sensors.",
    object_ids=("1.3.6.1.4.1.21239",),
    kind="other",
    serial=("1.3.6.1.4.1.21239.5.1.1.10.0", "1.3.6.1.4.1.21239.5.1.2.1.2"),
    model=("1.3.6.1.4.1.21239.5.1.1.8.0", "1.3.6.1.4.1.21239.5.2.1.1.0", "1.3.6.1.4.1.21239.5.1.1.1.0"),
    version=("1.3.6.1.4.1.21239.5.2.1.2.0", "1.3.6.1.4.1.21239.5.1.1.2.0"),
)
