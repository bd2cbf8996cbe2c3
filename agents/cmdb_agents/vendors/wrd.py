"""WRD Tech power sensors."""

from cmdb_agents.vendor import Vendor

WRD = Vendor(
    name="wrd",
    vendor="WRD Tech",
    sentence="WRD Tech power sensors.",
    object_ids=("1.3.6.1.4.1.37940",),
    kind="other",
    patterns=(r"WRD Tech\. Co?\.? ?(?P<model>\S+)", r"WRD Tech\. (?P<model>[^,\s]+)"),
)
