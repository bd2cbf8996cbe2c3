"""Onboard Administrators of HPE blade enclosures."""

from cmdb_agents.vendor import Vendor

HP_ONBOARD_ADMINISTRATOR = Vendor(
    name="hp_onboard_administrator",
    vendor="HPE",
    sentence="Onboard Administrators of HPE blade enclosures.",
    object_ids=("1.3.6.1.4.1.11.5.7.1.2",),
    kind="other",
    serial=("1.3.6.1.4.1.232.22.2.3.1.1.1.7",),
    model=("1.3.6.1.4.1.232.22.2.3.1.1.1.3",),
    version=("1.3.6.1.4.1.232.22.2.3.1.1.1.8",),
)
