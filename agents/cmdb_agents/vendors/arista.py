"""Arista EOS: switches of data centres."""

from cmdb_agents.vendor import Vendor

ARISTA = Vendor(
    name="arista",
    vendor="Arista Networks",
    sentence="Arista EOS: switches of data centres.",
    object_ids=("1.3.6.1.4.1.30065",),
    kind="switch",
    patterns=(r"EOS version (?P<version>\S+)", r"running on an Arista Networks (?P<model>\S+)"),
)
