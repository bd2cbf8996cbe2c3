"""Filters by declared attributes where the class is open: views, `cis`, sums, and the far end of a relation."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import strawberry

from cmdb.classes import catalogue
from cmdb.cypher import And, Compare, Filter
from cmdb.errors import Invalid, UnknownName
from cmdb_graphql.comparisons import Comparisons, several
from cmdb_graphql.context import snake

NUMBERS = frozenset({"int", "float"})
_TEXT = frozenset({"eq", "ne", "in", "contains", "prefix", "suffix", "starts_with", "null"})
_ORDERED = frozenset({"gt", "gte", "lt", "lte"})
_ABLE = {
    "string": _TEXT | _ORDERED, "datetime": _TEXT | _ORDERED, "strings": _TEXT,
    "int": frozenset({"eq", "ne", "in", "null"}) | _ORDERED, "float": frozenset({"eq", "ne", "in", "null"}) | _ORDERED,
    "boolean": frozenset({"eq", "null"}),
}  # fmt: skip
"""What each type can be compared by, as in the filter of a class."""


@strawberry.input(
    description="Comparisons of an attribute of whatever class declares it; all given must hold. A CI of a class that "
    "does not declare it has none."
)
class AttributeFilter(Comparisons):
    """An entry of `attributes`."""

    name: str = strawberry.field(description="The attribute, in camelCase or snake_case.")
    suffix: str | None = strawberry.field(description="Ends with this, in any case.", default=strawberry.UNSET)
    starts_with: str | None = strawberry.field(description="Starts with exactly this.", default=strawberry.UNSET)

    def compared(self) -> Filter:
        """As the store's filter."""
        name = snake(self.name)
        kind = _type(name)
        given = self.given().items()
        return And(tuple(Compare(name, _able(name, kind, op), _value(kind, op, v)) for op, v in given))


@cache
def _types() -> dict[str, set[str]]:
    """Which types each attribute has; in one class a number may be what in another is a text."""
    found: dict[str, set[str]] = {}
    for cls in catalogue().classes.values():
        for attribute in cls.attributes:
            found.setdefault(attribute.name, set()).add(attribute.type)
    return found


def _type(name: str) -> str:
    kinds = _types().get(name)
    if kinds is None:
        raise UnknownName(f"no class declares an attribute {name!r}", where="attributes.name")
    if len(kinds) > 1:
        raise Invalid(
            f"{name} is {' in one class and '.join(sorted(kinds))} in another: filter the list of its class",
            where="attributes.name",
        )
    return next(iter(kinds))


def _able(name: str, kind: str, op: str) -> Any:
    if op not in _ABLE[kind]:
        raise Invalid(f"{name} is {kind}, which is not compared by {op}", where=f"attributes.{op}")
    return op


def _value(kind: str, op: str, value: Any) -> Any:
    if op == "null":
        return bool(value)
    read = [_read(kind, op, one) for one in several(op, value, "attributes.in")]
    return read if op == "in" else read[0]


def _read(kind: str, op: str, value: Any) -> str | float | bool:
    """The value as the attribute's type; a number and true or false may be written as text, as people type them."""
    if kind in NUMBERS and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    elif kind == "boolean" and (isinstance(value, bool) or value in ("true", "false")):
        return value in (True, "true")
    elif kind not in NUMBERS and kind != "boolean" and isinstance(value, str):
        return value
    wanted = "a number" if kind in NUMBERS else "true or false" if kind == "boolean" else "a text"
    raise Invalid(f"compare with {wanted}, not {value!r}", where=f"attributes.{op}")
