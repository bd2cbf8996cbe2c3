"""Aruba switches of the AOS-CX line."""

from cmdb_agents.vendor import Vendor

ARUBA_CX = Vendor(
    name="aruba_cx",
    vendor="Aruba",
    sentence="Aruba switches of the AOS-CX line.",
    object_ids=("1.3.6.1.4.1.47196",),
    kind="switch",
    patterns=(r"(?P<version>[A-Z]{2}\.\d+\.\d+\.\w+)",),
)
