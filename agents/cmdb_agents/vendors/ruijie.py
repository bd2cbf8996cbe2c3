"""Ruijie switches, routers and wireless modules."""

from cmdb_agents.vendor import Vendor

RUIJIE = Vendor(
    name="ruijie",
    vendor="Ruijie",
    sentence="Ruijie switches, routers and wireless modules.",
    object_ids=("1.3.6.1.4.1.4881",),
    serial=("1.3.6.1.4.1.4881.1.1.10.2.1.1.24.0", "1.3.6.1.4.1.4881.1.1.10.2.56.1.1.20.0"),
    version=("1.3.6.1.4.1.4881.1.1.10.2.1.1.2.0",),
    patterns=(r"\((?P<model>[A-Z][\w/-]+)\)",),
)
