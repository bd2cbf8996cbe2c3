"""A10 load balancers."""

from cmdb_agents.vendor import Vendor

A10 = Vendor(
    name="a10",
    vendor="A10 Networks",
    sentence="A10 load balancers.",
    object_ids=("1.3.6.1.4.1.22610",),
    kind="other",
    serial=("1.3.6.1.4.1.22610.2.4.1.6.2.0",),
    version=("1.3.6.1.4.1.22610.2.4.1.1.1.0",),
    patterns=(r"(?P<model>\b(?:AX|TH|Thunder)[ -]?\d+\w*)", r"(?:ACOS|version) (?P<version>\d[\w.-]+)"),
)
