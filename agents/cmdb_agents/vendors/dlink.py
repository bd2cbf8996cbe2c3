"""D-Link switches."""

from cmdb_agents.vendor import Vendor

DLINK = Vendor(
    name="dlink",
    vendor="D-Link",
    sentence="D-Link switches.",
    object_ids=("1.3.6.1.4.1.171",),
    kind="switch",
    serial=("1.3.6.1.4.1.171.12.1.1.12.0",),
    version=(("1.3.6.1.2.1.16.19.2.0", r"Build (\S+)"),),
    patterns=(r"(?P<model>D[A-Z]{2}-\d[\w-]+)",),
)
