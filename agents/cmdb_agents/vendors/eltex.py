"""Eltex switches and routers."""

from cmdb_agents.vendor import Vendor

ELTEX = Vendor(
    name="eltex",
    vendor="Eltex",
    sentence="Eltex switches and routers.",
    object_ids=("1.3.6.1.4.1.35265",),
    kind="switch",
    serial=("1.3.6.1.4.1.89.53.14.1.5",),
    version=("1.3.6.1.4.1.89.2.4.0",),
    patterns=(r"(?P<model>(?:MES|ESR|LTP|LTE)-?\d[\w-]*)",),
)
