"""Eaton power supplies and power strips, also of Powerware and MGE."""

from cmdb_agents.vendor import Vendor

EATON = Vendor(
    name="eaton",
    vendor="Eaton",
    sentence="Eaton power supplies and power strips, also of Powerware and MGE.",
    object_ids=("1.3.6.1.4.1.534", "1.3.6.1.4.1.705"),
    kind="other",
    serial=("1.3.6.1.4.1.534.6.6.7.1.2.1.4", "1.3.6.1.4.1.705.1.1.7.0", "1.3.6.1.4.1.534.1.1.6.0"),
    model=(
        "1.3.6.1.4.1.534.6.6.7.1.2.1.2",
        "1.3.6.1.4.1.705.1.1.2.0",
        "1.3.6.1.4.1.705.1.1.1.0",
        "1.3.6.1.4.1.534.1.1.2.0",
    ),
    version=("1.3.6.1.4.1.534.6.6.7.1.2.1.5", "1.3.6.1.4.1.705.1.1.4.0", "1.3.6.1.4.1.534.1.1.3.0"),
    patterns=("(?i)^eaton (?P<model>.+)",),
)
