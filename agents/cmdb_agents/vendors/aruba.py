"""Aruba wireless controllers and access points."""

from cmdb_agents.vendor import Vendor

ARUBA = Vendor(
    name="aruba",
    vendor="Aruba",
    sentence="Aruba wireless controllers and access points.",
    object_ids=("1.3.6.1.4.1.14823",),
    kind="other",
    serial=("1.3.6.1.4.1.14823.2.2.1.2.1.29.0", "1.3.6.1.4.1.14823.2.3.3.1.2.1.1.4"),
    patterns=(r"MODEL: (?P<model>[^)]+)\)", r"Version (?P<version>[^\s,]+)"),
)
