"""Juniper Junos: routers, switches and firewalls."""

from cmdb_agents.vendor import Vendor

JUNIPER = Vendor(
    name="juniper",
    vendor="Juniper Networks",
    sentence="Juniper Junos: routers, switches and firewalls.",
    object_ids=("1.3.6.1.4.1.2636",),
    serial=("1.3.6.1.4.1.2636.3.1.3.0",),
    model=(),
    patterns=(r"Juniper Networks, Inc\. (?P<model>[\w-]+)", r"JUNOS (?P<version>[^,\s]+)"),
)
