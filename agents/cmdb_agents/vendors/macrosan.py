"""MacroSAN storage."""

from cmdb_agents.vendor import Vendor

MACROSAN = Vendor(
    name="macrosan",
    vendor="MacroSAN",
    sentence="MacroSAN storage.",
    object_ids=("1.3.6.1.4.1.35904",),
    cls="StorageArray",
    model=(("1.3.6.1.4.1.35904.1.2.1.1.0", r"MacroSAN-(\S+)"),),
    patterns=(r"^Linux \S+ (?P<version>\S+)",),
    known_by_answers=True,
)
