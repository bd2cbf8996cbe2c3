"""Management processors of HPE servers."""

from cmdb_agents.vendor import Vendor

HPE_ILO = Vendor(
    name="hpe_ilo",
    vendor="HPE",
    sentence="Management processors of HPE servers.",
    object_ids=("1.3.6.1.4.1.232.9.4",),
    kind="other",
    serial=("1.3.6.1.4.1.232.2.2.2.1.0",),
    model=("1.3.6.1.4.1.232.2.2.4.2.0",),
    patterns=(r"Integrated Lights-Out (?P<version>[\d. ]+)",),
)
