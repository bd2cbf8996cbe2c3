"""Extreme switches with EXOS."""

from cmdb_agents.vendor import Vendor

EXTREME = Vendor(
    name="extreme",
    vendor="Extreme Networks",
    sentence="Extreme switches with EXOS.",
    object_ids=("1.3.6.1.4.1.1916",),
    kind="switch",
    version=("1.3.6.1.4.1.1916.1.1.1.13.0",),
    patterns=(
        r"ExtremeXOS \((?P<model>[^)]+)\) version (?P<version>\S+)",
        r"Switch Engine \((?P<model>[^)]+)\) version (?P<version>\S+)",
    ),
)
