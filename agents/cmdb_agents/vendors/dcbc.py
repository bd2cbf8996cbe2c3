"""Digital China behaviour control gateways."""

from cmdb_agents.vendor import Vendor

DCBC = Vendor(
    name="dcbc",
    vendor="Digital China",
    sentence="Digital China behaviour control gateways.",
    object_ids=("1.3.6.1.4.1.26769",),
    cls="Firewall",
    model=(("1.3.6.1.4.1.26769.1.4.0", r"(DCBC-\w+)"),),
    patterns=(r"^Linux \S+ (?P<version>\S+)",),
    known_by_answers=True,
)
