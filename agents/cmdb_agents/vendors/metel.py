"""Metel industrial switches."""

from cmdb_agents.vendor import Vendor

METEL = Vendor(
    name="metel",
    vendor="MetelStroi",
    sentence="Metel industrial switches.",
    object_ids=("1.3.6.1.4.1.38616",),
    kind="switch",
    serial=("1.3.6.1.4.1.38616.1.1.2.0",),
    patterns=(r"^(?P<model>\S+)", r"fw:(?P<version>[\d.]+)"),
)
