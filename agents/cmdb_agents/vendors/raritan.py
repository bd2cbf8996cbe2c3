"""Raritan power strips and console switches."""

from cmdb_agents.vendor import Vendor

RARITAN = Vendor(
    name="raritan",
    vendor="Raritan",
    sentence="Raritan power strips and console switches.",
    object_ids=("1.3.6.1.4.1.13742",),
    kind="other",
    serial=("1.3.6.1.4.1.13742.6.3.2.1.1.4", "1.3.6.1.4.1.13742.4.1.1.2.0"),
    model=("1.3.6.1.4.1.13742.6.3.2.1.1.3", "1.3.6.1.4.1.13742.4.1.1.12.0"),
    version=("1.3.6.1.4.1.13742.6.3.2.3.1.6", "1.3.6.1.4.1.13742.4.1.1.1.0"),
)
