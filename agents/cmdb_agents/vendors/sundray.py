"""Sundray wireless controllers, sold by Sangfor."""

from cmdb_agents.vendor import Vendor

SUNDRAY = Vendor(
    name="sundray",
    vendor="Sundray",
    sentence="Sundray wireless controllers.",
    object_ids=("1.3.6.1.4.1.35047.2.12", "1.3.6.1.4.1.45577"),
    kind="other",
    model=("1.3.6.1.4.1.45577.1.1.0", "1.3.6.1.4.1.35047.1.1.0"),
    version=("1.3.6.1.4.1.45577.1.14.0",),
)
