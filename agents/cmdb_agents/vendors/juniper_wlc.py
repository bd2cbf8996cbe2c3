"""Juniper wireless controllers, once of Trapeze."""

from cmdb_agents.vendor import Vendor

JUNIPER_WLC = Vendor(
    name="juniper_wlc",
    vendor="Juniper Networks",
    sentence="Juniper wireless controllers, once of Trapeze.",
    object_ids=("1.3.6.1.4.1.14525",),
    kind="other",
    serial=("1.3.6.1.4.1.14525.4.2.1.1.0",),
    version=("1.3.6.1.4.1.14525.4.2.1.4.0",),
    patterns=(r"Inc (?P<model>WLC\w+) (?P<version>[\d.]+)",),
)
