"""NSFOCUS security appliances."""

from cmdb_agents.vendor import Vendor

NSFOCUS = Vendor(
    name="nsfocus",
    vendor="NSFOCUS",
    sentence="NSFOCUS security appliances.",
    # Some of them leave out a number of their own object id.
    object_ids=("1.3.6.1.4.1.19849", "1.3.6.1.4.19849"),
    cls="Firewall",
    serial=("1.3.6.1.4.1.19849.6.1.2.0",),
    model=("1.3.6.1.4.1.19849.6.1.1.0",),
    version=("1.3.6.1.4.1.19849.6.1.4.0",),
)
