"""Sangfor gateways, load balancers and wireless controllers."""

from cmdb_agents.vendor import Vendor

SANGFOR = Vendor(
    name="sangfor",
    vendor="Sangfor",
    sentence="Sangfor gateways, load balancers and wireless controllers.",
    object_ids=("1.3.6.1.4.1.35047",),
    cls="Firewall",
    patterns=(r"^Linux (?P<model>\S+) ", r"^Linux \S+ (?P<version>\S+)"),
)
