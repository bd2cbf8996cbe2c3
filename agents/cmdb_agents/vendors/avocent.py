"""Avocent console servers and switches."""

from cmdb_agents.vendor import Vendor

AVOCENT = Vendor(
    name="avocent",
    vendor="Avocent",
    sentence="Avocent console servers and switches.",
    object_ids=("1.3.6.1.4.1.10418",),
    kind="other",
    serial=("1.3.6.1.4.1.10418.16.2.1.4.0",),
    model=("1.3.6.1.4.1.10418.16.2.1.2.0",),
    version=("1.3.6.1.4.1.10418.16.2.1.7.0",),
)
