"""F5 BIG-IP load balancers."""

from cmdb_agents.vendor import Vendor

F5 = Vendor(
    name="f5",
    vendor="F5",
    sentence="F5 BIG-IP load balancers.",
    object_ids=("1.3.6.1.4.1.3375",),
    kind="other",
    serial=("1.3.6.1.4.1.3375.2.1.3.3.3.0",),
    model=("1.3.6.1.4.1.3375.2.1.3.5.2.0",),
    version=("1.3.6.1.4.1.3375.2.1.4.2.0",),
    known_by_answers=True,
)
