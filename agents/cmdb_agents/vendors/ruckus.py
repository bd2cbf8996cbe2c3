"""Ruckus wireless controllers and access points."""

from cmdb_agents.vendor import Vendor

RUCKUS = Vendor(
    name="ruckus",
    vendor="Ruckus",
    sentence="Ruckus wireless controllers and access points.",
    object_ids=("1.3.6.1.4.1.25053",),
    kind="other",
    serial=(
        "1.3.6.1.4.1.25053.1.2.1.1.1.1.15.0",
        "1.3.6.1.4.1.25053.1.1.2.1.1.1.2.0",
        "1.3.6.1.4.1.25053.1.4.1.1.1.15.13.0",
        "1.3.6.1.4.1.25053.1.3.1.1.1.15.13.0",
    ),
    model=("1.3.6.1.4.1.25053.1.2.1.1.1.1.9.0", "1.3.6.1.4.1.25053.1.1.2.1.1.1.1.0"),
    version=(
        "1.3.6.1.4.1.25053.1.2.1.1.1.1.18.0",
        "1.3.6.1.4.1.25053.1.8.1.1.1.1.1.1.9",
        "1.3.6.1.4.1.25053.1.1.3.1.1.1.1.1.3.1",
    ),
    patterns=("^(?P<model>.+)$",),
)
