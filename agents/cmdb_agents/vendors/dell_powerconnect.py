"""Dell PowerConnect and N-series switches."""

from cmdb_agents.vendor import Vendor

DELL_POWERCONNECT = Vendor(
    name="dell_powerconnect",
    vendor="Dell",
    sentence="Dell PowerConnect and N-series switches.",
    object_ids=("1.3.6.1.4.1.674.10895",),
    kind="switch",
    serial=("1.3.6.1.4.1.674.10895.3000.1.2.100.8.1.4", "1.3.6.1.4.1.674.10895.3000.1.2.100.8.1.2"),
    model=("1.3.6.1.4.1.674.10895.3000.1.2.100.1.0",),
    version=("1.3.6.1.4.1.674.10895.3000.1.2.100.4.0",),
)
