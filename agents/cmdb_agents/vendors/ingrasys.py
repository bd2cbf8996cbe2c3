"""Ingrasys power supplies."""

from cmdb_agents.vendor import Vendor

INGRASYS = Vendor(
    name="ingrasys",
    vendor="Ingrasys",
    sentence="Ingrasys power supplies.",
    object_ids=("1.3.6.1.4.1.2468",),
    kind="other",
    patterns=(r"^(?P<model>.+?) v(?P<version>[\d.]+)", r"SN (?P<serial>\w+)"),
)
