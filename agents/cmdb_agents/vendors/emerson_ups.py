"""Emerson power supplies behind a small Unix."""

from cmdb_agents.vendor import Vendor

EMERSON_UPS = Vendor(
    name="emerson_ups",
    vendor="Vertiv",
    sentence="Emerson power supplies behind a small Unix.",
    object_ids=("1.3.6.1.4.1.13400.2.3",),
    kind="other",
    model=("1.3.6.1.4.1.13400.2.3.1.2.0",),
    patterns=(r"^Linux \S+ (?P<version>\S+)",),
    known_by_answers=True,
)
