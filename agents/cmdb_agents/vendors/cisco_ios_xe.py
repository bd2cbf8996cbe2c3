"""Cisco IOS XE: switches, routers and wireless controllers."""

from cmdb_agents.vendor import Vendor

CISCO_IOS_XE = Vendor(
    name="cisco_ios_xe",
    vendor="Cisco",
    sentence="Cisco IOS XE: switches, routers and wireless controllers.",
    object_ids=("1.3.6.1.4.1.9.1",),
    describes=r"IOS[- ]XE|CAT\d?K?_?\w*IOSXE|IOSXE|X86_64_LINUX_IOSD",
    patterns=(r"Version (?P<version>[^,\s]+)",),
)
