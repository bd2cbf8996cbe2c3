"""MikroTik routers and switches with RouterOS."""

from cmdb_agents.vendor import Vendor

MIKROTIK = Vendor(
    name="mikrotik",
    vendor="MikroTik",
    sentence="MikroTik routers and switches with RouterOS.",
    object_ids=("1.3.6.1.4.1.14988",),
    kind="router",
    serial=("1.3.6.1.4.1.14988.1.1.7.3.0",),
    model=("1.3.6.1.4.1.14988.1.1.7.8.0",),
    version=("1.3.6.1.4.1.14988.1.1.4.4.0",),
    patterns=(r"RouterOS (?P<model>\S+)",),
)
