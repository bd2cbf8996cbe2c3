"""Tripp Lite power supplies and power strips."""

from cmdb_agents.vendor import Vendor

TRIPPLITE = Vendor(
    name="tripplite",
    vendor="Tripp Lite",
    sentence="Tripp Lite power supplies and power strips.",
    object_ids=("1.3.6.1.4.1.850",),
    kind="other",
    serial=("1.3.6.1.4.1.850.1.1.2.1.1.5",),
    model=("1.3.6.1.4.1.850.1.1.1.2.1.5",),
    patterns=(r"PowerAlert (?P<version>[\d.]+)",),
)
