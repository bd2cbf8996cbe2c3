"""Citrix NetScaler load balancers."""

from cmdb_agents.vendor import Vendor

CITRIX = Vendor(
    name="citrix",
    vendor="Citrix",
    sentence="Citrix NetScaler load balancers.",
    object_ids=("1.3.6.1.4.1.5951",),
    kind="other",
    serial=("1.3.6.1.4.1.5951.4.1.1.14.0",),
    model=("1.3.6.1.4.1.5951.4.1.1.11.0",),
    patterns=(r"NS(?P<version>[\d.]+: ?Build [\d.]*\d)", r"NetScaler (?P<version>NS\S+)"),
)
