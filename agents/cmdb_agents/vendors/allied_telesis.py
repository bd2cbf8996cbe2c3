"""Allied Telesis switches and routers."""

from cmdb_agents.vendor import Vendor

ALLIED_TELESIS = Vendor(
    name="allied_telesis",
    vendor="Allied Telesis",
    sentence="Allied Telesis switches and routers.",
    object_ids=("1.3.6.1.4.1.207",),
    kind="switch",
    patterns=(r"(?:v|Version |AlliedWare Plus \(TM\) )(?P<version>\d[\w.-]+)", r"(?P<model>(?:AT-|x|IE|SBx)\d[\w/-]+)"),
)
