"""Huawei storage of the OceanStor line."""

from cmdb_agents.vendor import Vendor

HUAWEI_STORAGE = Vendor(
    name="huawei_storage",
    vendor="Huawei",
    sentence="Huawei storage of the OceanStor line.",
    object_ids=("1.3.6.1.4.1.2011.2.91", "1.3.6.1.4.1.34774"),
    cls="StorageArray",
    serial=("1.3.6.1.4.1.34774.4.1.1.1.0",),
    version=("1.3.6.1.4.1.34774.4.1.1.6.0",),
)
