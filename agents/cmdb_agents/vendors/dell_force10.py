"""Dell Force10 and OS9 switches."""

from cmdb_agents.vendor import Vendor

DELL_FORCE10 = Vendor(
    name="dell_force10",
    vendor="Dell",
    sentence="Dell Force10 and OS9 switches.",
    object_ids=("1.3.6.1.4.1.6027",),
    kind="switch",
    serial=("1.3.6.1.4.1.6027.3.10.1.2.2.1.12", "1.3.6.1.4.1.6027.3.19.1.2.2.1.7"),
    patterns=(
        r"Application Software Version: (?P<version>\S+)",
        r"(?:OS Version|Software Version): (?P<version>\S+)",
        r"Series: (?P<model>\S+)",
    ),
)
