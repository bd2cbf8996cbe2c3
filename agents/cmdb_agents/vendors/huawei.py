"""Huawei switches, routers and firewalls."""

from cmdb_agents.vendor import Vendor

HUAWEI = Vendor(
    name="huawei",
    vendor="Huawei",
    sentence="Huawei switches, routers and firewalls.",
    object_ids=("1.3.6.1.4.1.2011",),
    serial=("1.3.6.1.4.1.2011.5.25.188.1.1.0",),
    model=("1.3.6.1.4.1.2011.5.25.31.6.5.0",),
    patterns=(
        r"Version \S+ \((?P<model>\S+) (?P<version>V\w+)\)",
        r"^(?P<model>[A-Z]+\d[\w/-]+)",
        r"Version (?P<version>[\d.]+)",
    ),
)
