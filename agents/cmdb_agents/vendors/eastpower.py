"""EAST power supplies."""

from cmdb_agents.vendor import Vendor

EASTPOWER = Vendor(
    name="eastpower",
    vendor="EAST",
    sentence="EAST power supplies.",
    object_ids=("1.3.6.1.4.1.40614",),
    kind="other",
    patterns=(r"^\S+?_(?P<version>\S+)",),
)
