"""Management processors of Huawei servers."""

from cmdb_agents.vendor import Vendor

HUAWEI_SERVER = Vendor(
    name="huawei_server",
    vendor="Huawei",
    sentence="Management processors of Huawei servers.",
    object_ids=("1.3.6.1.4.1.2011.2.235",),
    kind="other",
    serial=("1.3.6.1.4.1.2011.2.235.1.1.1.7.0",),
    model=("1.3.6.1.4.1.2011.2.235.1.1.1.6.0",),
)
