"""What an attribute is compared by where its type is only known when it is asked for."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb.errors import TooLarge

MAX_IN = 100
"""Values of one `in`."""


@strawberry.input(description="Comparisons; all given must hold.")
class Comparisons:
    """What the filters by free and by declared attributes have in common."""

    name: str = strawberry.field(description="The attribute.")
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

    def given(self) -> dict[str, Any]:
        """The comparisons that were given, by the store's name of each."""
        return {op.rstrip("_"): v for op, v in vars(self).items() if op != "name" and v is not strawberry.UNSET}


def several(op: str, value: Any, where: str) -> list[Any]:
    """The values that are compared with: of `in` at most a hundred, else the one."""
    many = value if op == "in" and isinstance(value, list) else [value]
    if len(many) > MAX_IN:
        raise TooLarge(f"at most {MAX_IN} values, not {len(many)}", where=where)
    return many
