"""Filters by free attributes: their names and types are only known when they are asked for."""

from __future__ import annotations

from typing import Any

import strawberry

from cmdb import free
from cmdb.cypher import And, Compare, Filter
from cmdb.errors import Invalid
from cmdb_graphql.comparisons import Comparisons, several


@strawberry.input(description="Comparisons of a free attribute; all given must hold. A value of another type differs.")
class ExtraFilter(Comparisons):
    """An entry of `extra`."""

    name: str = strawberry.field(description="Its name, in snake_case.")

    def compared(self) -> Filter:
        """As the store's filter."""
        key = free.key(None, self.name, "extra.name")
        given: dict[Any, Any] = self.given()
        return And(tuple(Compare(key, op, _checked(op, value)) for op, value in given.items()))


def _checked(op: str, value: Any) -> Any:
    for one in several(op, value, "extra.in"):
        if not isinstance(one, str | int | float) or (isinstance(one, int) and abs(one) >= 2**63):
            raise Invalid("compare with text, a number of 64 bits, true or false", where=f"extra.{op}")
    return value
