"""NSFOCUS security appliances."""

from cmdb_agents.vendor import Vendor

NSFOCUS = Vendor(
    name="nsfocus",
    vendor="NSFOCUS",
    sentence="NSFOCUS security appliances.",
    object_ids=("1.3.6.1.4.1.19849",),
    cls="Firewall",
)
