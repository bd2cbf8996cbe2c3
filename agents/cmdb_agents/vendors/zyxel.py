"""Zyxel switches and firewalls."""

from cmdb_agents.vendor import Vendor

ZYXEL = Vendor(
    name="zyxel",
    vendor="Zyxel",
    sentence="Zyxel switches and firewalls.",
    object_ids=("1.3.6.1.4.1.890",),
    serial=(
        "1.3.6.1.4.1.890.1.15.3.1.12.0",
        "1.3.6.1.4.1.890.1.5.8.20.1.10.0",
        "1.3.6.1.4.1.890.1.5.8.47.1.10.0",
        "1.3.6.1.4.1.890.1.5.8.55.1.10.0",
    ),
    model=("1.3.6.1.4.1.890.1.15.3.1.11.0",),
    version=("1.3.6.1.4.1.890.1.15.3.1.6.0",),
    patterns=(r"^(?P<model>[A-Z]+\d[\w-]+)",),
)
