"""HP ProCurve and Aruba switches of the ArubaOS-Switch line."""

from cmdb_agents.vendor import Vendor

HP_PROCURVE = Vendor(
    name="hp_procurve",
    vendor="HPE",
    sentence="HP ProCurve and Aruba switches of the ArubaOS-Switch line.",
    object_ids=("1.3.6.1.4.1.11.2.3.7.11",),
    kind="switch",
    serial=("1.3.6.1.4.1.11.2.36.1.1.2.9.0",),
    version=("1.3.6.1.4.1.11.2.14.11.5.1.1.3.0",),
    patterns=(r"(?P<model>(?:ProCurve|HP|Aruba)[^,]*), revision (?P<version>[^,\s]+)",),
)
