"""Extreme switches with VOSS, once of Avaya and Nortel."""

from cmdb_agents.vendor import Vendor

EXTREME_VOSS = Vendor(
    name="extreme_voss",
    vendor="Extreme Networks",
    sentence="Extreme switches with VOSS, once of Avaya and Nortel.",
    object_ids=("1.3.6.1.4.1.45", "1.3.6.1.4.1.2272"),
    kind="switch",
    serial=("1.3.6.1.4.1.2272.1.4.2.0", "1.3.6.1.4.1.45.1.6.3.1.6.0"),
    patterns=(r"^(?P<model>[\w -]+?)\s*\((?P<version>[\d.]+)\)", r"SW:v(?P<version>\S+)", r"^(?P<model>.*?)\s+HW:"),
)
