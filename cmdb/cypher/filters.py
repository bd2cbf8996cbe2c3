"""Filters and ordered pages of CIs as Cypher. Names come from the catalogue, values are parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cmdb.claims import ENDED_AS, LIFECYCLE, is_extra
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName

Op = Literal["eq", "ne", "in", "contains", "prefix", "gt", "gte", "lt", "lte", "null"]
Direction = Literal["asc", "desc"]
Statement = tuple[str, dict[str, Any]]

BASE = {
    "id": "string", "class": "string", "name": "string", "status": "string", "rev": "int",
    "first_seen": "datetime", "stale_since": "datetime", "parent": "string", "key": "string", "tags": "strings",
    "lifecycle": "string", "expires_at": "datetime",
}  # fmt: skip
"""Properties every CI has, by type; filters and orders may use them beside the declared attributes."""


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; on a list attribute `eq` and `contains` mean membership."""

    attribute: str
    op: Op
    value: Any

    def __post_init__(self) -> None:
        if self.op not in get_args(Op):
            raise Invalid(
                f"there is no operator {self.op!r}; known are {', '.join(get_args(Op))}", where=self.attribute
            )


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no parts: everything does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; no parts: nothing does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold (an absent value counts as not holding it)."""

    part: Filter


Filter = Compare | And | Or | Not

_TEXT_OPERATORS = {"contains": "CONTAINS", "prefix": "STARTS WITH"}
_OPERATORS = {"eq": "=", "in": "IN", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def attribute_types(cls: str | None) -> dict[str, str]:
    """Every property a question about `cls` (or about all classes) may name, with its type."""
    classes = catalogue().classes.values() if cls is None else (catalogue().cls(cls),)
    return {**{a.name: a.type for c in classes for a in c.attributes}, **BASE}


class _Parameters(dict[str, Any]):
    def add(self, value: Any) -> str:
        name = f"p{len(self)}"
        self[name] = value
        return f"${name}"


def _where(part: Filter, types: dict[str, str], params: _Parameters) -> str:
    match part:
        case Compare():
            return _compare(part, types, params)
        case And(parts):
            return " AND ".join(f"({_where(p, types, params)})" for p in parts) or "true"
        case Or(parts):
            return " OR ".join(f"({_where(p, types, params)})" for p in parts) or "false"
        case Not(inner):
            return f"NOT coalesce({_where(inner, types, params)}, false)"


def _compare(one: Compare, types: dict[str, str], params: _Parameters) -> str:
    kind = "extra" if is_extra(one.attribute) else types.get(one.attribute)
    if kind is None:
        raise UnknownName(f"there is no attribute {one.attribute!r} here; known are {', '.join(sorted(types))}")
    name = _column(one.attribute)
    if one.op == "null":
        return f"{name} IS {'' if one.value else 'NOT '}NULL"
    value = params.add(one.value)
    if kind == "strings":
        return _membership(one, name, value)
    if one.op in _TEXT_OPERATORS:
        # A free attribute may be a number on another CI, which has no small letters.
        name = f"toString({name})" if kind == "extra" else name
        return f"toLower({name}) {_TEXT_OPERATORS[one.op]} toLower({value})"
    return f"{name} {_OPERATORS[one.op]} {value}"


def _column(attribute: str) -> str:
    """What an attribute is of a node: its property, or what follows from several."""
    if attribute == LIFECYCLE:
        return f"coalesce(CASE n.status WHEN 'live' THEN n.`{LIFECYCLE}` ELSE n.`{ENDED_AS}` END, n.status)"
    return f"n.`{attribute}`"


def _membership(one: Compare, name: str, value: str) -> str:
    match one.op:
        case "eq":
            return f"{value} IN {name}"
        case "ne":
            return f"NOT {value} IN coalesce({name}, [])"
        case "in":
            return f"any(x IN {name} WHERE x IN {value})"
        case "contains":
            return f"any(x IN {name} WHERE toLower(x) CONTAINS toLower({value}))"
        case "prefix":
            return f"any(x IN {name} WHERE toLower(x) STARTS WITH toLower({value}))"
        case _:
            raise Invalid(f"{one.op} does not fit a list of strings", where=one.attribute)


def _label(cls: str | None) -> str:
    return "CI" if cls is None else catalogue().cls(cls).name


def _conditions(cls: str | None, where: Filter | None, params: _Parameters) -> list[str]:
    types = attribute_types(cls)
    return [] if where is None else [f"({_where(where, types, params)})"]


def find(
    cls: str | None,
    where: Filter | None,
    order: Sequence[tuple[str, Direction]],
    first: int,
    after: Sequence[Any] | None,
) -> Statement:
    """Up to `first` + 1 CIs in order; `after` is the key of the last one seen: its order values, then its id."""
    params = _Parameters()
    conditions = _conditions(cls, where, params)
    keys = _order_keys(cls, order)
    if after is not None:
        if len(after) != len(keys):
            raise Invalid("this cursor belongs to another order", where="after")
        conditions.append(f"({_beyond(keys, list(after), params)})")
    text = f"MATCH (n:`{_label(cls)}`)"
    if conditions:
        text += f" WHERE {' AND '.join(conditions)}"
    ordering = ", ".join(f"{_column(name)}{' DESC' if way == 'desc' else ''}" for name, way in keys)
    text += f" RETURN properties(n) AS n ORDER BY {ordering} LIMIT {params.add(first + 1)}"
    return text, dict(params)


def _order_keys(cls: str | None, order: Sequence[tuple[str, Direction]]) -> list[tuple[str, Direction]]:
    types = attribute_types(cls)
    for name, way in order:
        if name not in types or types[name] == "strings":
            raise UnknownName(f"cannot order by {name!r}; possible are {', '.join(sorted(types))}")
        if way not in get_args(Direction):
            raise Invalid(f"order is asc or desc, not {way!r}", where=name)
    return [*(pair for pair in order if pair[0] != "id"), ("id", "asc")]


def _beyond(keys: list[tuple[str, Direction]], values: list[Any], params: _Parameters) -> str:
    """Rows after `values` in the order. Cypher sorts NULL as the greatest value: last ascending, first descending."""
    (name, way), value = keys[0], values[0]
    column = _column(name)
    if value is None:
        further = "false" if way == "asc" else f"{column} IS NOT NULL"
        same = f"{column} IS NULL"
    else:
        parameter = params.add(value)
        further = f"({column} > {parameter} OR {column} IS NULL)" if way == "asc" else f"{column} < {parameter}"
        same = f"{column} = {parameter}"
    if len(keys) == 1:
        return further
    return f"{further} OR ({same} AND ({_beyond(keys[1:], values[1:], params)}))"


def count(cls: str | None, where: Filter | None) -> Statement:
    """How many CIs the filter leaves."""
    params = _Parameters()
    conditions = _conditions(cls, where, params)
    filtered = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"MATCH (n:`{_label(cls)}`){filtered} RETURN count(n) AS count", dict(params)
