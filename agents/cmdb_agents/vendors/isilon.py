"""Isilon and PowerScale storage with OneFS."""

from cmdb_agents.vendor import Vendor

ISILON = Vendor(
    name="isilon",
    vendor="Dell",
    sentence="Isilon and PowerScale storage with OneFS.",
    object_ids=("1.3.6.1.4.1.12124",),
    cls="StorageArray",
    serial=("1.3.6.1.4.1.12124.2.51.1.3",),
    model=("1.3.6.1.4.1.12124.2.51.1.2",),
    patterns=(r"OneFS v?(?P<version>\d[\w.]+)", r"(?P<version>v\d[\d.]+)"),
)
