"""Cisco IOS: switches and routers."""

from cmdb_agents.vendor import Vendor

CISCO_IOS = Vendor(
    name="cisco_ios",
    vendor="Cisco",
    sentence="Cisco IOS: switches and routers.",
    object_ids=("1.3.6.1.4.1.9.1",),
    describes=r"(?i)IOS \(tm\)|IOS Software|Internetwork Operating System",
    serial=("1.3.6.1.4.1.9.3.6.3.0", "1.3.6.1.4.1.9.5.1.2.19.0"),
    patterns=(r"Version (?P<version>[^,\s]+)",),
)
