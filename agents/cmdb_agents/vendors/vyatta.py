"""Routers with Vyatta or VyOS."""

from cmdb_agents.vendor import Vendor

VYATTA = Vendor(
    name="vyatta",
    vendor="VyOS",
    sentence="Routers with Vyatta or VyOS.",
    object_ids=("1.3.6.1.4.1.30803", "1.3.6.1.4.1.44641"),
    kind="router",
    patterns=(r"(?:Vyatta|VyOS) (?P<version>\d\S*)",),
)
