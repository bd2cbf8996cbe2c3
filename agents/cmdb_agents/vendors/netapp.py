"""NetApp storage with Data ONTAP."""

from cmdb_agents.vendor import Vendor

NETAPP = Vendor(
    name="netapp",
    vendor="NetApp",
    sentence="NetApp storage with Data ONTAP.",
    object_ids=("1.3.6.1.4.1.789",),
    cls="StorageArray",
    serial=("1.3.6.1.4.1.789.1.1.9.0",),
    model=("1.3.6.1.4.1.789.1.1.5.0",),
    patterns=(r"NetApp Release (?P<version>[\w.]+)",),
)
