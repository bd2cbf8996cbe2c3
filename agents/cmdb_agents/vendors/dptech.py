"""DPtech switches and firewalls."""

from cmdb_agents.vendor import Vendor

DPTECH = Vendor(
    name="dptech",
    vendor="DPtech",
    sentence="DPtech switches and firewalls.",
    object_ids=("1.3.6.1.4.1.31648",),
    patterns=(r"Version (?P<version>V\w+)", r"(?P<model>DPX\d+-\w+)"),
)
