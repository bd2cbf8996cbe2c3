"""Alcatel-Lucent OmniSwitches."""

from cmdb_agents.vendor import Vendor

ALCATEL_LUCENT = Vendor(
    name="alcatel_lucent",
    vendor="Alcatel-Lucent Enterprise",
    sentence="Alcatel-Lucent OmniSwitches.",
    object_ids=("1.3.6.1.4.1.6486",),
    kind="switch",
    patterns=(
        r"(?:Alcatel-Lucent(?: Enterprise)? )?(?P<model>OS\d[\w-]+) (?P<version>[\d.]+R\d+)",
        r"(?P<version>\d+\.\d+\.\d+\.(?:\d+\.)?R\d+)",
    ),
)
