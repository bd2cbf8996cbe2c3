"""Management processors of Dell servers."""

from cmdb_agents.vendor import Vendor

DELL_IDRAC = Vendor(
    name="dell_idrac",
    vendor="Dell",
    sentence="Management processors of Dell servers.",
    object_ids=("1.3.6.1.4.1.674.10892",),
    kind="other",
    serial=("1.3.6.1.4.1.674.10892.5.1.3.2.0",),
    model=("1.3.6.1.4.1.674.10892.5.1.3.12.0",),
    version=("1.3.6.1.4.1.674.10892.5.1.1.8.0",),
)
