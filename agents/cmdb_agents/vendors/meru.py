"""Meru wireless controllers."""

from cmdb_agents.vendor import Vendor

MERU = Vendor(
    name="meru",
    vendor="Meru Networks",
    sentence="Meru wireless controllers.",
    object_ids=("1.3.6.1.4.1.15983",),
    kind="other",
    serial=("1.3.6.1.4.1.15983.1.1.4.1.1.32.0",),
    model=("1.3.6.1.4.1.15983.1.1.4.1.1.19.0",),
    version=("1.3.6.1.4.1.15983.1.1.4.1.1.27.0",),
)
