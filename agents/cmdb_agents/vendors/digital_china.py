"""Digital China switches."""

from cmdb_agents.vendor import Vendor

DIGITAL_CHINA = Vendor(
    name="digital_china",
    vendor="Digital China",
    sentence="Digital China switches.",
    object_ids=("1.3.6.1.4.1.6339",),
    kind="switch",
    serial=("1.3.6.1.4.1.6339.1.1.5.3.1.1.3.1.10",),
    model=("1.3.6.1.4.1.6339.1.1.5.3.1.1.5.1.0",),
    patterns=(
        r"^(?P<model>D?CR?S-[\w-]+)",
        r"[Ss]oft[Ww]are(?: Package)? Version (?P<version>\S+)",
        r"(?:Serial No\.?:?|Device serial number) ?(?P<serial>\w{6,})",
    ),
)
