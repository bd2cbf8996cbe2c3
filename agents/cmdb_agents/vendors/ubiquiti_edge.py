"""Ubiquiti EdgeSwitches."""

from cmdb_agents.vendor import Vendor

UBIQUITI_EDGE = Vendor(
    name="ubiquiti_edge",
    vendor="Ubiquiti",
    sentence="Ubiquiti EdgeSwitches.",
    object_ids=("1.3.6.1.4.1.4413",),
    kind="switch",
    serial=("1.3.6.1.4.1.4413.1.1.1.1.1.1.4.0",),
    model=("1.3.6.1.4.1.4413.1.1.1.1.1.1.3.0",),
    version=("1.3.6.1.4.1.4413.1.1.1.1.1.1.13.0",),
    patterns=(r"^(?P<model>[^,]+), (?P<version>\d[^,]+)",),
)
