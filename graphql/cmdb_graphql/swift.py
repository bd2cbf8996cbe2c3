"""Execution as graphql-core does it, except that plain values are taken without its ceremony.

A plain field has no resolver and no arguments, and holds a string, number, boolean or list of strings: most fields of
most answers. For each graphql-core builds a path and a resolve info and makes a dozen calls; here it is one look-up and
one type test. Whatever is not exactly of the expected Python type goes graphql-core's own way, errors included, so the
answer is the same byte for byte. Documents must have been validated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import GraphQLNonNull, GraphQLObjectType
from graphql.execution import Executor
from graphql.pyutils import Path

from cmdb_graphql.long import fits

_EXACT: dict[str, type] = {"String": str, "ID": str, "Boolean": bool, "Float": float, "Int": int, "Long": int}
_SOUND: dict[str, Callable[[Any], bool]] = {
    "Float": isfinite,
    "Int": lambda value: -(2**31) <= value < 2**31,
    "Long": fits,
}


_ODD = object()
"""A value of no declared type."""


class _Plain(NamedTuple):
    """A plain field: how to get its value, and which values are in the answer exactly as they are."""

    name: str
    get: Callable[[Any], Any]
    nullable: bool
    kind: type
    sound: Callable[[Any], bool] | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to execute one selection on one type: plain fields here, the others as graphql-core does."""

    fields: Mapping[str, Any]
    names: Mapping[str, None]  # in the order of the answer
    plain: tuple[_Plain, ...]
    others: dict[str, Any]


class SwiftExecutor(Executor[Any]):
    """An executor for `executor_class` of graphql-core's `execute`."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """As in graphql-core, plain fields first."""
        plan = self._plan(parent_type, grouped_field_set)
        results: dict[str, Any] = dict(plan.names)
        odd = set()
        for name, get, nullable, kind, sound in plan.plain:
            try:
                value = get(source_value)
            except Exception:  # graphql-core meets it again, and reports it at its field
                value = _ODD
            if nullable if value is None else value.__class__ is kind and (sound is None or sound(value)):
                results[name] = value
            elif kind is float and value.__class__ is int and abs(value) < 2**53:
                results[name] = float(value)
            else:
                odd.add(name)
        others = plan.others if not odd else _in_order(plan, odd)
        if not others:
            return results
        rest: Any = super().execute_fields(parent_type, source_value, path, others, position_context)
        return _later(results, rest) if self.is_awaitable(rest) else _merged(results, rest)

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> _Plan:
        # graphql-core keeps one grouped field set per selection and type while a question runs, so its identity is the
        # key; the plan holds it, so that the identity cannot be used again.
        plans: dict[int, _Plan] = self.__dict__.setdefault("plans", {})
        key = id(grouped_field_set)
        if key not in plans:
            plain = [p for name, details in grouped_field_set.items() if (p := _plain(parent_type, name, details))]
            names = {field.name for field in plain}
            others = {name: details for name, details in grouped_field_set.items() if name not in names}
            plans[key] = _Plan(grouped_field_set, dict.fromkeys(grouped_field_set), tuple(plain), others)
        return plans[key]


def _in_order(plan: _Plan, odd: set[str]) -> dict[str, Any]:
    return {name: details for name, details in plan.fields.items() if name in odd or name in plan.others}


async def _later(results: dict[str, Any], rest: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _merged(results, await rest)


def _merged(results: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    results.update(rest)
    return results


def _plain(parent: GraphQLObjectType, name: str, details: Any) -> _Plain | None:
    known = parent.fields.get(details[0].node.name.value)
    definition = known.extensions.get("strawberry-definition") if known else None
    if known is None or definition is None or not definition.is_basic_field:
        return None
    kind, nullable = known.type, True
    if isinstance(kind, GraphQLNonNull):
        kind, nullable = kind.of_type, False
    sound = _SOUND.get(getattr(kind, "name", ""))
    exact = _EXACT.get(getattr(kind, "name", ""))
    if str(kind) == "[String!]":
        exact, sound = list, _texts
    return None if exact is None else _Plain(name, attrgetter(definition.python_name), nullable, exact, sound)


def _texts(values: list[Any]) -> bool:
    return all(value.__class__ is str for value in values)
