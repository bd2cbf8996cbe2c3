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
    # Its table of firmware is indexed by the name of the part: this is the row of "Active iBMC".
    version=("1.3.6.1.4.1.2011.2.235.1.1.11.50.1.4/11.65.99.116.105.118.101.32.105.66.77.67",),
)
