"""Nokia service routers, once of Alcatel-Lucent."""

from cmdb_agents.vendor import Vendor

NOKIA = Vendor(
    name="nokia",
    vendor="Nokia",
    sentence="Nokia service routers, once of Alcatel-Lucent.",
    object_ids=("1.3.6.1.4.1.6527",),
    kind="router",
    serial=("1.3.6.1.4.1.6527.3.1.2.2.1.8.1.5",),
    patterns=(r"TiMOS-(?P<version>\S+)", r"(?:Nokia|ALCATEL) (?P<model>\S+(?: \S+)?) Copyright"),
)
