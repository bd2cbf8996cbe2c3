"""VSS traffic distributors."""

from cmdb_agents.vendor import Vendor

VSS_MONITORING = Vendor(
    name="vss_monitoring",
    vendor="VSS Monitoring",
    sentence="VSS traffic distributors.",
    object_ids=("1.3.6.1.4.1.21671",),
    kind="other",
    version=("1.3.6.1.4.1.21671.4.1.2.0",),
    patterns=(r"^(?P<model>Optimizer \S+)",),
)
