"""Conditions on a record as data: any of several groups, each group all of its checks. Pure.

`when(category="waiting", waiting_for=("customer", "supplier"))` is one group; `a | b` is either. A missing field is
None. Rules and clocks look at categories, so that a state may be renamed without touching them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cmdb.words.check import Value


@dataclass(frozen=True, slots=True)
class Check:
    """The field is one of the values; with `negate`, none of them."""

    field: str
    values: tuple[Value, ...]
    negate: bool = False

    def holds(self, fields: Mapping[str, Value]) -> bool:
        """Whether a record passes."""
        return (fields.get(self.field) in self.values) is not self.negate


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds if all checks of any of its groups do; without groups it never holds."""

    groups: tuple[tuple[Check, ...], ...] = ()

    def holds(self, fields: Mapping[str, Value]) -> bool:
        """Whether a record fulfils it."""
        return any(all(check.holds(fields) for check in group) for group in self.groups)

    def __or__(self, other: Condition) -> Condition:
        return Condition(self.groups + other.groups)

    def __and__(self, other: Condition) -> Condition:
        return Condition(tuple(ours + theirs for ours in self.groups for theirs in other.groups))


NEVER = Condition()
ALWAYS = Condition(((),))


def when(**fields: Value) -> Condition:
    """Every field is the value given, or one of the tuple given."""
    return Condition((tuple(Check(name, _several(value)) for name, value in fields.items()),))


def unless(**fields: Value) -> Condition:
    """No field is the value given, or one of the tuple given."""
    return Condition((tuple(Check(name, _several(value), negate=True) for name, value in fields.items()),))


def _several(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)
