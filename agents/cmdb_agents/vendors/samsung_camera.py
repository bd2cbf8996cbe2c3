"""Hanwha and Samsung cameras."""

from cmdb_agents.vendor import Vendor

SAMSUNG_CAMERA = Vendor(
    name="samsung_camera",
    vendor="Hanwha",
    sentence="Hanwha and Samsung cameras.",
    object_ids=("1.3.6.1.4.1.36849",),
    kind="other",
    model=("1.3.6.1.4.1.36849.1.2.64.1.0",),
    version=("1.3.6.1.4.1.36849.1.2.64.2.1.1.0",),
    patterns=("SAMSUNG (?P<model>.+)",),
)
