"""Huawei power supplies."""

from cmdb_agents.vendor import Vendor

HUAWEI_POWER = Vendor(
    name="huawei_power",
    vendor="Huawei",
    sentence="Huawei power supplies.",
    object_ids=("1.3.6.1.4.1.2011.6.174",),
    kind="other",
    serial=("1.3.6.1.4.1.2011.6.174.1.2.100.1.5",),
    model=("1.3.6.1.4.1.2011.6.174.1.1.1.2.0",),
    version=("1.3.6.1.4.1.2011.6.174.1.2.100.1.3",),
    known_by_answers=True,
)
