"""What people say of everything a business runs on: no machine can know it, so their word comes first."""

from __future__ import annotations

from cmdb.words.attribute import Attribute

_PEOPLE_FIRST = ("override", "person", "import", "agent")

CRITICALITY = Attribute(
    "criticality",
    "string",
    "How much hangs on it: critical, high, medium or low.",
    index=True,
    precedence=_PEOPLE_FIRST,
)
RECOVERY_TIME = Attribute(
    "recovery_time_min", "int", "The longest it may be down.", unit="min", precedence=_PEOPLE_FIRST
)
