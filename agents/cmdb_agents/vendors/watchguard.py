"""WatchGuard firewalls."""

from cmdb_agents.vendor import Vendor

WATCHGUARD = Vendor(
    name="watchguard",
    vendor="WatchGuard",
    sentence="WatchGuard firewalls.",
    object_ids=("1.3.6.1.4.1.3097",),
    cls="Firewall",
    patterns=(r"^(?P<model>(?:XTM|Firebox|M|T)[\w -]*\d\w*)",),
)
