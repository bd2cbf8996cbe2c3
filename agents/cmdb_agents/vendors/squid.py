"""Squid: web caches that speak SNMP themselves."""

from cmdb_agents.vendor import Vendor

SQUID = Vendor(
    name="squid",
    vendor="Squid",
    sentence="Squid web caches.",
    object_ids=("1.3.6.1.4.1.3495",),
    kind="other",
    model=("1.3.6.1.4.1.3495.1.2.2.0",),
    version=("1.3.6.1.4.1.3495.1.2.3.0",),
    known_by_answers=True,
)
