"""ZTE switches and routers."""

from cmdb_agents.vendor import Vendor

ZTE = Vendor(
    name="zte",
    vendor="ZTE",
    sentence="ZTE switches and routers.",
    object_ids=("1.3.6.1.4.1.3902",),
    patterns=(r"Version: ?(?P<version>[\w.]+)", r"ZXR10 (?P<model>[\w-]+)"),
)
