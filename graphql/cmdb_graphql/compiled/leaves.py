"""Columns of scalars and enums: one test of all their types, and graphql-core's own coercion for whatever fails it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from types import NoneType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLLeafType, Undefined

from cmdb_graphql import long
from cmdb_graphql.compiled.signals import Odd

if TYPE_CHECKING:
    from cmdb_graphql.compiled.run import Run

Check = Callable[[Sequence[Any]], bool]


def _within(least: int, most: int) -> Check:
    def check(values: Sequence[Any]) -> bool:
        whole = [value for value in values if value is not None] if None in values else values
        return not whole or (min(whole) >= least and max(whole) <= most)

    return check


def _finite(values: Sequence[Any]) -> bool:
    return all(isfinite(value) for value in values if value is not None)


_EXACT: dict[str, type] = {"String": str, "ID": str, "Boolean": bool, "Float": float, "Int": int, "Long": int}
"""By scalar, the type whose values are in the answer exactly as they are."""
_SOUND: dict[str, Check] = {
    "Float": _finite, "Int": _within(-(2**31), 2**31 - 1), "Long": _within(long.LEAST, long.MOST),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf type, nullable or not."""

    kind: GraphQLLeafType
    required: bool
    exact: frozenset[type]
    sound: Check | None

    @classmethod
    def of(cls, kind: GraphQLLeafType, *, required: bool) -> Leaf:
        """For one type of the schema."""
        exact = {_EXACT[kind.name]} if kind.name in _EXACT else set()
        return cls(kind, required, frozenset(exact if required else exact | {NoneType}), _SOUND.get(kind.name))

    def complete(self, _run: Run | None, values: Sequence[Any]) -> Sequence[Any]:
        """The column as it is answered; the same object when nothing had to be changed. Raises Odd, or a coercion's."""
        if self.exact.issuperset(map(type, values)) and (self.sound is None or self.sound(values)):
            return values
        return [self._one(value) for value in values]

    def _one(self, value: Any) -> Any:
        if value is None or value is Undefined:
            if self.required:
                raise Odd
            return None
        if isinstance(value, Exception):
            raise Odd
        made = self.kind.coerce_output_value(value)
        if made is None or made is Undefined:
            raise Odd
        return made
