"""Sangfor gateways, load balancers and wireless controllers."""

from cmdb_agents.vendor import Vendor

SANGFOR = Vendor(
    name="sangfor",
    vendor="Sangfor",
    sentence="Sangfor gateways, load balancers and wireless controllers.",
    object_ids=("1.3.6.1.4.1.35047",),
    cls="Firewall",
    model=(("1.3.6.1.4.1.35047.1.1.0", r"(?:model|type)=(\S+)"),),
    version=(("1.3.6.1.4.1.35047.2.1.1.7.0", r"[A-Z]+-?(\d[\d.]+)"),),
    patterns=(r"^Linux (?P<model>\S+) ", r"^Linux \S+ (?P<version>\S+)"),
)
