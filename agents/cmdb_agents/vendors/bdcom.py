"""BDCOM switches."""

from cmdb_agents.vendor import Vendor

BDCOM = Vendor(
    name="bdcom",
    vendor="BDCOM",
    sentence="BDCOM switches.",
    object_ids=("1.3.6.1.4.1.3320",),
    kind="switch",
    serial=("1.3.6.1.4.1.3320.9.225.1.2.0", "1.3.6.1.4.1.3320.3.6.10.1.4"),
    patterns=(r"BDCOM\(tm\) (?P<model>\S+) Software, Version (?P<version>[^,]+)", r"Serial num:(?P<serial>\w+)"),
)
