"""Hosts that run net-snmp: Linux and other Unixes."""

from cmdb_agents.vendor import Vendor

NET_SNMP_HOST = Vendor(
    name="net_snmp_host",
    vendor="",
    sentence="Hosts that run net-snmp: Linux and other Unixes.",
    object_ids=("1.3.6.1.4.1.8072", "1.3.6.1.4.1.2021"),
    cls="Host",
    patterns=(r"^(?:Linux|FreeBSD|OpenBSD|NetBSD|SunOS|Darwin) \S+ (?P<version>\S+)",),
)
