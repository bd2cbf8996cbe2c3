"""T1 Networks firewalls."""

from cmdb_agents.vendor import Vendor

T1_NETWORKS = Vendor(
    name="t1_networks",
    vendor="T1 Networks",
    sentence="T1 Networks firewalls.",
    object_ids=(),
    describes=r"^T1 BOS V\d",
    cls="Firewall",
    patterns=(r"BOS V(?P<version>[\d.]+)",),
)
