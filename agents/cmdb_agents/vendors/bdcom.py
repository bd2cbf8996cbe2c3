"""BDCOM switches."""

from cmdb_agents.vendor import Vendor

BDCOM = Vendor(
    name="bdcom",
    vendor="BDCOM",
    sentence="BDCOM switches.",
    object_ids=("1.3.6.1.4.1.3320",),
    kind="switch",
    patterns=(r"BDCOM\(tm\) (?P<model>\S+) Software, Version (?P<version>[^,]+)", r"Serial num:(?P<serial>\w+)"),
)
