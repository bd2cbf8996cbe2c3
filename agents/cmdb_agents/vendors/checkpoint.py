"""Check Point firewalls with Gaia."""

from cmdb_agents.vendor import Vendor

CHECKPOINT = Vendor(
    name="checkpoint",
    vendor="Check Point",
    sentence="Check Point firewalls with Gaia.",
    object_ids=("1.3.6.1.4.1.2620",),
    cls="Firewall",
    serial=("1.3.6.1.4.1.2620.1.6.16.3.0",),
    model=("1.3.6.1.4.1.2620.1.6.16.7.0",),
    version=("1.3.6.1.4.1.2620.1.6.4.1.0",),
    known_by_answers=True,
)
