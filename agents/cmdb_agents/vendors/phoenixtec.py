"""Phoenixtec power supplies."""

from cmdb_agents.vendor import Vendor

PHOENIXTEC = Vendor(
    name="phoenixtec",
    vendor="Phoenixtec",
    sentence="Phoenixtec power supplies.",
    object_ids=("1.3.6.1.4.1.935",),
    kind="other",
    serial=("1.3.6.1.4.1.935.1.1.1.1.2.3.0",),
    model=("1.3.6.1.4.1.935.1.1.1.1.1.1.0",),
    version=("1.3.6.1.4.1.935.1.1.1.1.2.4.0",),
)
