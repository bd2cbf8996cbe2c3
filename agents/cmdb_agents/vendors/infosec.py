"""Infosec application gateways."""

from cmdb_agents.vendor import Vendor

INFOSEC = Vendor(
    name="infosec",
    vendor="Infosec",
    sentence="Infosec application gateways.",
    object_ids=("1.3.6.1.4.1.27971",),
    kind="other",
    serial=("1.3.6.1.4.1.27971.3.1.0",),
    patterns=(r"Hardware: INFOSEC (?P<model>\w+ \d+)", r"Software: NSAE (?P<version>\S+)"),
)
