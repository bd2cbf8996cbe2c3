"""The attributes every class has, whatever else it declares: how a CI does, what backs it up, how often it fails.

They are attributes like all others: claimed by discovery, written and overridden by people, kept in history.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from cmdb.errors import Invalid
from cmdb.words.attribute import Attribute
from cmdb.words.redundancy import Redundancy

CONDITION, REDUNDANCY = "condition", "redundancy"
MTBF, MTTR = "mtbf_hours", "mttr_hours"
CONDITIONS = ("down", "degraded", "up")
"""Worst first."""

COMMON = (
    Attribute(
        CONDITION, "string",
        "How it does by itself at present: up, degraded or down; up where nobody says otherwise.",
    ),
    Attribute(
        REDUNDANCY, "strings",
        "Which of its dependencies back each other up, a rule each, such as USES: 1 of db-1, db-2.",
        precedence=("override", "person", "agent", "import"),
    ),
    Attribute(MTBF, "float", "Mean time between its failures, as its vendor or its owner says.", unit="h"),
    Attribute(MTTR, "float", "Mean time to repair it, as its vendor or its owner says.", unit="h"),
)  # fmt: skip


def check_common(values: Mapping[str, Any]) -> None:
    """Refuse a common value that says nothing: Invalid names the attribute."""
    said = values.get(CONDITION)
    if said is not None and said not in CONDITIONS:
        raise Invalid(f"is {', '.join(CONDITIONS)}, not {said!r}", where=CONDITION)
    for rule in values.get(REDUNDANCY) or ():
        Redundancy.parse(rule)
    for name in (MTBF, MTTR):
        hours = values.get(name)
        if hours is not None and not (isfinite(hours) and hours >= 0 and (hours > 0 or name == MTTR)):
            raise Invalid(f"is a number of hours above 0, not {hours}", where=name)
