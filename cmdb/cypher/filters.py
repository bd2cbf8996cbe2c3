"""Filters and ordered pages of CIs as Cypher. Names come from the catalogue, values are parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cmdb.claims import ENDED_AS, LIFECYCLE, is_extra, lifecycle
from cmdb.classes import catalogue
from cmdb.cypher.frames import Frame, Parameters, related, states
from cmdb.errors import Invalid, TooLarge, UnknownName

Op = Literal["eq", "ne", "in", "contains", "prefix", "suffix", "starts_with", "gt", "gte", "lt", "lte", "null"]
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


@dataclass(frozen=True, slots=True)
class Related:
    """An edge there is, of a relation (any, if None), joins it with a live CI for which the part holds.

    `out` leads to what it depends on, `in` to what depends on it; with `none` there is no such edge.
    """

    type: str | None
    direction: Literal["out", "in"]
    to: Filter
    none: bool = False


Filter = Compare | And | Or | Not | Related

NOW = Frame()
MOST_STEPS = 3
"""Relations inside relations."""

_TEXT_OPERATORS = {"contains": "CONTAINS", "prefix": "STARTS WITH", "suffix": "ENDS WITH"}
_OPERATORS = {
    "eq": "=",
    "in": "IN",
    "ne": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "starts_with": "STARTS WITH",
}


def attribute_types(cls: str | None) -> dict[str, str]:
    """Every property a question about `cls` (or about all classes) may name, with its type."""
    classes = catalogue().classes.values() if cls is None else (catalogue().cls(cls),)
    return {**{a.name: a.type for c in classes for a in c.attributes}, **BASE}


def _where(part: Filter, types: dict[str, str], params: Parameters, n: str = "n") -> str:
    match part:
        case Compare():
            return _compare(part, types, params, n)
        case And(parts):
            return " AND ".join(f"({_where(p, types, params, n)})" for p in parts) or "true"
        case Or(parts):
            return " OR ".join(f"({_where(p, types, params, n)})" for p in parts) or "false"
        case Not(inner):
            return f"NOT coalesce({_where(inner, types, params, n)}, false)"
        case Related():
            return _related(part, params, n)


def _related(one: Related, params: Parameters, n: str) -> str:
    """Each step names its far end anew, so that steps inside steps do not mean the same CI."""
    if len(n) > MOST_STEPS:
        raise TooLarge(f"at most {MOST_STEPS} relations inside each other", where="related")
    other = f"{n}n"
    if params.frame:
        types = [catalogue().relation(one.type).name] if one.type else list(catalogue().relations)
        inner = _where(one.to, attribute_types(None), params, other)
        found = related(n, other, types, one.direction, inner, params)
        return f"NOT {found}" if one.none else found
    kind = "|".join(f"`{name}`" for name in ([one.type] if one.type else catalogue().relations))
    if one.type:
        catalogue().relation(one.type)
    arrow = f"-[e{n}:{kind}]->" if one.direction == "out" else f"<-[e{n}:{kind}]-"
    inner = _where(one.to, attribute_types(None), params, other)
    found = (
        f"EXISTS {{ MATCH ({n}){arrow}({other}:CI) "
        f"WHERE e{n}.valid_to IS NULL AND {other}.status = 'live' AND ({inner}) }}"
    )
    return f"NOT {found}" if one.none else found


def _compare(one: Compare, types: dict[str, str], params: Parameters, n: str = "n") -> str:
    kind = "extra" if is_extra(one.attribute) else types.get(one.attribute)
    if kind is None:
        raise UnknownName(f"there is no attribute {one.attribute!r} here; known are {', '.join(sorted(types))}")
    name = column(one.attribute, n)
    if one.op == "null":
        return f"{name} IS {'' if one.value else 'NOT '}NULL"
    # Once and by us: the database would do it for each row anew, which takes seconds for one long text of letters that
    # become two (İ).
    value = params.add(one.value.lower() if one.op in _TEXT_OPERATORS else one.value)
    if kind == "strings":
        return _membership(one, name, value)
    if one.op in _TEXT_OPERATORS:
        # A free attribute may be a number on another CI, which has no small letters.
        name = f"toString({name})" if kind == "extra" else name
        return f"toLower({name}) {_TEXT_OPERATORS[one.op]} {value}"
    return f"{name} {_OPERATORS[one.op]} {value}"


def column(attribute: str, n: str = "n") -> str:
    """What an attribute is of a node: its property, or what follows from several."""
    if attribute == LIFECYCLE:
        said = f"CASE {n}.status WHEN 'live' THEN {n}.`{LIFECYCLE}` ELSE {n}.`{ENDED_AS}` END"
        return f"coalesce({said}, {n}.status)"
    return f"{n}.`{attribute}`"


def place(row: Mapping[str, Any], order: Sequence[tuple[str, Direction]]) -> list[Any]:
    """Where a row stands in an order: what the order looks at of it, its id the last."""
    return [lifecycle(row) if name == LIFECYCLE else row.get(name) for name, _ in total(order)]


def _membership(one: Compare, name: str, value: str) -> str:
    match one.op:
        case "eq":
            return f"{value} IN {name}"
        case "ne":
            return f"NOT {value} IN coalesce({name}, [])"
        case "in":
            return f"any(x IN {name} WHERE x IN {value})"
        case "contains":
            return f"any(x IN {name} WHERE toLower(x) CONTAINS {value})"
        case "prefix" | "suffix":
            return f"any(x IN {name} WHERE toLower(x) {_TEXT_OPERATORS[one.op]} {value})"
        case "starts_with":
            return f"any(x IN {name} WHERE x STARTS WITH {value})"
        case _:
            raise Invalid(f"{one.op} does not fit a list of strings", where=one.attribute)


def _label(cls: str | None) -> str:
    # Beside the class's own label: ids and names are indexed for CI.
    return "CI" if cls is None else f"CI&`{catalogue().cls(cls).name}`"


def _conditions(cls: str | None, where: Filter | None, params: Parameters) -> tuple[list[str], list[str]]:
    """The parts that must all hold: those about each CI's own values, and those about what it is related to."""
    types, parts = attribute_types(cls), [] if where is None else _flat(where)
    own = [f"({_where(part, types, params)})" for part in parts if not _relates(part)]
    return own, [f"({_where(part, types, params)})" for part in parts if _relates(part)]


def _flat(part: Filter) -> list[Filter]:
    return [one for inner in part.parts for one in _flat(inner)] if isinstance(part, And) else [part]


def _relates(part: Filter) -> bool:
    match part:
        case And(parts) | Or(parts):
            return any(_relates(one) for one in parts)
        case Not(inner):
            return _relates(inner)
        case _:
            return isinstance(part, Related)


def condition(cls: str | None, where: Filter) -> Statement:
    """The filter as an expression about `n`, with its parameters."""
    params = Parameters()
    return _where(where, attribute_types(cls), params), dict(params)


def find(
    cls: str | None,
    where: Filter | None,
    order: Sequence[tuple[str, Direction]],
    first: int,
    after: Sequence[Any] | None,
    frame: Frame = NOW,
) -> Statement:
    """Up to `first` + 1 CIs in order; `after` is the `place` of the last one seen."""
    params = Parameters(frame)
    _then_known(frame, where, order)
    conditions, costly = _conditions(cls, where, params)
    keys = _order_keys(cls, order)
    if after is not None:
        _check_place(keys, after, attribute_types(cls))
        conditions.append(f"({_beyond(keys, list(after), params)})")
    text = rows(cls, conditions, params, costly, _by(where))
    ordering = ", ".join(f"{column(name)}{' DESC' if way == 'desc' else ''}" for name, way in keys)
    text += f" RETURN properties(n) AS n ORDER BY {ordering} LIMIT {params.add(first + 1)}"
    return text, dict(params)


def _order_keys(cls: str | None, order: Sequence[tuple[str, Direction]]) -> list[tuple[str, Direction]]:
    types = attribute_types(cls)
    for name, way in order:
        if name not in types or types[name] == "strings":
            raise UnknownName(f"cannot order by {name!r}; possible are {', '.join(sorted(types))}")
        if way not in get_args(Direction):
            raise Invalid(f"order is asc or desc, not {way!r}", where=name)
    return total(order)


def total(order: Sequence[tuple[str, Direction]]) -> list[tuple[str, Direction]]:
    """The order made one of single rows: by id at last, behind which nothing decides any more."""
    names = [name for name, _ in order]
    return list(order[: names.index("id") + 1]) if "id" in names else [*order, ("id", "asc")]


def _check_place(keys: list[tuple[str, Direction]], values: Sequence[Any], types: Mapping[str, str]) -> None:
    """Refuse a place that no row of this order has: behind a value of another type there would be nothing, unsaid."""
    known = [types[name] for name, _ in keys]
    if len(known) != len(values) or values[-1] is None or not all(map(_is, values, known)):
        raise Invalid("this cursor belongs to another order", where="after")


def _is(value: Any, kind: str) -> bool:
    if value is None:
        return True
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    return isinstance(value, int | float if kind in {"int", "float"} else str)


def _beyond(keys: list[tuple[str, Direction]], values: list[Any], params: Parameters) -> str:
    """Rows after `values` in the order. Cypher sorts NULL as the greatest value: last ascending, first descending."""
    (name, way), value = keys[0], values[0]
    own = column(name)
    if value is None:
        further = "false" if way == "asc" else f"{own} IS NOT NULL"
        same = f"{own} IS NULL"
    else:
        parameter = params.add(value)
        further = f"({own} > {parameter} OR {own} IS NULL)" if way == "asc" else f"{own} < {parameter}"
        same = f"{own} = {parameter}"
    if len(keys) == 1:
        return further
    return f"{further} OR ({same} AND ({_beyond(keys[1:], values[1:], params)}))"


def chosen(cls: str | None, where: Filter | None, frame: Frame = NOW) -> Statement:
    """The beginning of a statement: the CIs `n` that the filter leaves."""
    params = Parameters(frame)
    return choose(cls, where, params), dict(params)


def choose(cls: str | None, where: Filter | None, params: Parameters) -> str:
    """The same where more of the statement needs the parameters."""
    _then_known(params.frame, where, ())
    conditions, costly = _conditions(cls, where, params)
    return rows(cls, conditions, params, costly, _by(where))


def _by(where: Filter | None) -> str | None:
    """The index that no statistics can better: of ids, when ids are asked for."""
    parts = [] if where is None else _flat(where)
    asked = any(isinstance(part, Compare) and part.attribute == "id" and part.op in {"eq", "in"} for part in parts)
    return "id" if asked else None


def count(cls: str | None, where: Filter | None, frame: Frame = NOW) -> Statement:
    """How many CIs the filter leaves."""
    text, params = chosen(cls, where, frame)
    return f"{text} RETURN count(n) AS count", params


def rows(
    cls: str | None, conditions: Sequence[str], params: Parameters, costly: Sequence[str] = (), by: str | None = None
) -> str:
    """Clauses that bind `n` to each CI for which the conditions hold: a node of now, a map of another state.

    Nodes of now are found `by` the index of a property, if one is named.
    """
    if params.frame:
        return states(_label(cls), None if cls is None else members(cls), conditions, costly, params)
    hint = "" if by is None else f" USING INDEX SEEK n:CI({by})"
    return f"MATCH (n:{_label(cls)}){hint}" + (
        f" WHERE {' AND '.join([*conditions, *costly])}" if conditions or costly else ""
    )


def members(cls: str) -> list[str]:
    """The class and those that are special cases of it."""
    return [name for name in catalogue().classes if cls in catalogue().lineage(name)]


def _then_known(frame: Frame, where: Filter | None, order: Sequence[tuple[str, Direction]]) -> None:
    """Refuse what is not known of then: since when something was stale is kept of now only."""
    if frame.at is not None and "stale_since" in {*_named(where), *(name for name, _ in order)}:
        raise Invalid("since when a CI is stale is known of now only: ask without asOf", where="stale_since")


def _named(part: Filter | None) -> set[str]:
    match part:
        case Compare(attribute):
            return {attribute}
        case And(parts) | Or(parts):
            return {name for one in parts for name in _named(one)}
        case Not(inner) | Related(to=inner):
            return _named(inner)
        case _:
            return set()
