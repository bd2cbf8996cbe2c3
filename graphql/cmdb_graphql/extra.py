"""Filters by free attributes: their names and types are only known when they are asked for."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb import free
from cmdb.cypher import And, Compare, Filter
from cmdb.errors import Invalid, TooLarge

MAX_IN = 100
"""Values of one `in`."""


@strawberry.input(description="Comparisons of a free attribute; all given must hold. A value of another type differs.")
class ExtraFilter:
    """An entry of `extra`."""

    name: str = strawberry.field(description="Its name, in snake_case.")
    eq: JSON | None = strawberry.field(description="Equal.", default=strawberry.UNSET)
    ne: JSON | None = strawberry.field(description="Not equal.", default=strawberry.UNSET)
    in_: list[JSON] | None = strawberry.field(name="in", description="One of these.", default=strawberry.UNSET)
    gt: JSON | None = strawberry.field(description="Greater.", default=strawberry.UNSET)
    gte: JSON | None = strawberry.field(description="Greater or equal.", default=strawberry.UNSET)
    lt: JSON | None = strawberry.field(description="Less.", default=strawberry.UNSET)
    lte: JSON | None = strawberry.field(description="Less or equal.", default=strawberry.UNSET)
    contains: str | None = strawberry.field(description="Contains this, in any case.", default=strawberry.UNSET)
    prefix: str | None = strawberry.field(description="Starts with this, in any case.", default=strawberry.UNSET)
    null: bool | None = strawberry.field(description="Whether it is absent.", default=strawberry.UNSET)

    def compared(self) -> Filter:
        """As the store's filter."""
        key = free.key(None, self.name, "extra.name")
        given = {op: value for op, value in vars(self).items() if op != "name" and value is not strawberry.UNSET}
        return And(tuple(Compare(key, _op(op), _checked(op, value)) for op, value in given.items()))


def _op(python: str) -> Any:
    return python.rstrip("_")


def _checked(op: str, value: Any) -> Any:
    many = value if op == "in_" and isinstance(value, list) else [value]
    if len(many) > MAX_IN:
        raise TooLarge(f"at most {MAX_IN} values, not {len(many)}", where="extra.in")
    for one in many:
        if not isinstance(one, str | int | float) or (isinstance(one, int) and abs(one) >= 2**63):
            raise Invalid("compare with text, a number of 64 bits, true or false", where=f"extra.{op.rstrip('_')}")
    return value
