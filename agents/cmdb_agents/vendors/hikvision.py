"""Hikvision cameras and recorders."""

from cmdb_agents.vendor import Vendor

HIKVISION = Vendor(
    name="hikvision",
    vendor="Hikvision",
    sentence="Hikvision cameras and recorders.",
    object_ids=("1.3.6.1.4.1.39165", "1.3.6.1.4.1.50001"),
    kind="other",
    serial=("1.3.6.1.4.1.50001.1.3.0",),
    model=("1.3.6.1.4.1.39165.1.1.0",),
    version=("1.3.6.1.4.1.39165.1.3.0",),
    known_by_answers=True,
)
