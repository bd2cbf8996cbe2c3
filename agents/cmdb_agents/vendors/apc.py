"""APC power supplies and power strips."""

from cmdb_agents.vendor import Vendor

APC = Vendor(
    name="apc",
    vendor="APC",
    sentence="APC power supplies and power strips.",
    object_ids=("1.3.6.1.4.1.318",),
    kind="other",
    serial=("1.3.6.1.4.1.318.1.1.12.1.6.0", "1.3.6.1.4.1.318.1.1.26.2.1.9", "1.3.6.1.4.1.318.1.1.1.1.2.3.0"),
    model=("1.3.6.1.4.1.318.1.1.12.1.5.0", "1.3.6.1.4.1.318.1.1.26.2.1.8", "1.3.6.1.4.1.318.1.1.1.1.1.1.0"),
    version=("1.3.6.1.4.1.318.1.1.12.1.3.0", "1.3.6.1.4.1.318.1.1.26.2.1.6", "1.3.6.1.4.1.318.1.1.1.1.2.1.0"),
    patterns=(r"MN: ?(?P<model>\S+)", r"SN: ?(?P<serial>\S+)", r"AF1: ?v?(?P<version>[\d.]+)"),
)
