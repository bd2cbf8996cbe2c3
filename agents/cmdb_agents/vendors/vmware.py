"""VMware ESXi hosts."""

from cmdb_agents.vendor import Vendor

VMWARE = Vendor(
    name="vmware",
    vendor="VMware",
    sentence="VMware ESXi hosts.",
    object_ids=("1.3.6.1.4.1.6876",),
    cls="Host",
    model=(),
    version=("1.3.6.1.4.1.6876.1.2.0",),
    patterns=(r"VMware ESXi? (?P<version>[\d.]+)",),
)
