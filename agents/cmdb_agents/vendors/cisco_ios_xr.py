"""Cisco IOS XR: routers of carriers."""

from cmdb_agents.vendor import Vendor

CISCO_IOS_XR = Vendor(
    name="cisco_ios_xr",
    vendor="Cisco",
    sentence="Cisco IOS XR: routers of carriers.",
    object_ids=("1.3.6.1.4.1.9.1",),
    kind="router",
    describes="IOS XR",
    patterns=(r"Version (?P<version>[^,\s\[]+)",),
)
