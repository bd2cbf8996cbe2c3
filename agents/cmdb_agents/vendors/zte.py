"""ZTE switches and routers."""

from cmdb_agents.vendor import Vendor

ZTE = Vendor(
    name="zte",
    vendor="ZTE",
    sentence="ZTE switches and routers.",
    object_ids=("1.3.6.1.4.1.3902",),
    serial=("1.3.6.1.4.1.3902.15.2.30.1.36.0", "1.3.6.1.4.1.3902.2505.1.1.15.101.1.1.28"),
    model=("1.3.6.1.4.1.3902.2505.1.1.15.101.1.1.29",),
    version=(("1.3.6.1.4.1.3902.2505.1.1.15.101.1.1.37", r"software-version: (\S+)"),),
    patterns=(r"Version: ?(?P<version>[\w.]+)", r"ZXR10 (?P<model>[\w-]+)"),
)
