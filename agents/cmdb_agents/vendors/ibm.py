"""IBM servers and their management processors."""

from cmdb_agents.vendor import Vendor

IBM = Vendor(
    name="ibm",
    vendor="IBM",
    sentence="IBM servers and their management processors.",
    object_ids=("1.3.6.1.4.1.2",),
    cls="Host",
    kind="",
    serial=(("1.3.6.1.4.1.2.6.191.1.3.7.0", r"IBM,0?2?(\w{7})$"),),
    model=(("1.3.6.1.4.1.2.6.191.1.3.6.0", r"IBM,(\S+)"),),
)
