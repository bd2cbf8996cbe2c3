"""The scalar `Long`: a whole number that a GraphQL Int, of 32 bits, is too small for."""

from __future__ import annotations

from typing import Any, NewType

import strawberry

from cmdb.errors import Invalid

Long = NewType("Long", int)

LEAST, MOST = -(2**63), 2**63 - 1
"""What Neo4j and every usual language hold."""


def fits(value: int) -> bool:
    """Whether it has at most 64 bits."""
    return LEAST <= value <= MOST


def checked(value: Any) -> int:
    """The value if it is a whole number of 64 bits; Invalid says what it is instead."""
    if value.__class__ is not int:  # True is an int to Python, and no number to who asks
        raise Invalid(f"a Long is a whole number, not {value!r:.40}")
    if not fits(value):
        raise Invalid(f"a Long has 64 bits, which {value!r:.40} exceeds")
    whole: int = value
    return whole


DEFINITION = strawberry.scalar(
    name="Long",
    description="A whole number of 64 bits, written as a JSON integer.",
    serialize=checked,
    parse_value=checked,
)
