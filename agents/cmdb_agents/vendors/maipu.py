"""Maipu switches and routers."""

from cmdb_agents.vendor import Vendor

MAIPU = Vendor(
    name="maipu",
    vendor="Maipu",
    sentence="Maipu switches and routers.",
    object_ids=("1.3.6.1.4.1.5651",),
    patterns=(
        r"^(?P<model>\S+) Device",
        r"Soft[Ww]are Version (?P<version>\S+)",
        r"(?:Serial No\.?:?|Device serial number) ?(?P<serial>\w{6,})",
    ),
)
