"""CTS media converters."""

from cmdb_agents.vendor import Vendor

CTS = Vendor(
    name="cts",
    vendor="CTS",
    sentence="CTS media converters.",
    object_ids=("1.3.6.1.4.1.9304",),
    kind="switch",
)
