"""Hosts that run Windows."""

from cmdb_agents.vendor import Vendor

WINDOWS = Vendor(
    name="windows",
    vendor="Microsoft",
    sentence="Hosts that run Windows.",
    object_ids=("1.3.6.1.4.1.311",),
    cls="Host",
    patterns=(r"Windows (?:2000 )?Version (?P<version>\d[\w.]+)",),
)
