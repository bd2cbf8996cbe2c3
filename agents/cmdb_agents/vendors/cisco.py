"""Cisco devices whose family is not known more closely."""

from cmdb_agents.vendor import Vendor

CISCO = Vendor(
    name="cisco",
    vendor="Cisco",
    sentence="Cisco devices whose family is not known more closely.",
    object_ids=("1.3.6.1.4.1.9",),
    serial=("1.3.6.1.4.1.9.3.6.3.0", "1.3.6.1.4.1.9.5.1.2.19.0", "1.3.6.1.4.1.9.5.1.2.17.0"),
    patterns=(r"Version (?P<version>[^,\s]+)", "(?P<model>Cisco Controller)"),
)
