"""Meru wireless controllers."""

from cmdb_agents.vendor import Vendor

MERU = Vendor(
    name="meru",
    vendor="Meru Networks",
    sentence="Meru wireless controllers.",
    object_ids=("1.3.6.1.4.1.15983",),
    kind="other",
)
