"""From a declared CI class to its GraphQL type, filter, connection and list. Nothing here knows any class by name."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.types import get_object_definition

from cmdb.classes import catalogue
from cmdb.cypher import And, Compare, Filter, Not, Or
from cmdb.cypher.filters import BASE, Direction, Related, place
from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.store import Row
from cmdb.words import COMMON, Attribute, CIClass, Role
from cmdb_graphql.context import Info, Root, blocking, camel, computed, question, readable_by, snake, whole
from cmdb_graphql.cursors import cursor, read_cursor
from cmdb_graphql.declared import AttributeFilter
from cmdb_graphql.extra import ExtraFilter
from cmdb_graphql.long import Long
from cmdb_graphql.moment import AsOf, forgotten
from cmdb_graphql.proposed import Asked, Proposed, asked
from cmdb_graphql.types import CI, PLAIN, OfClass, PageInfo, made, make, on_make, page_size, sentence_of

if TYPE_CHECKING:
    CIFilter = Any  # made below, like the filter of every class

PYTHON: dict[str, Any] = {
    "string": str, "datetime": str, "int": int, "float": float, "boolean": bool, "strings": list[str],
}  # fmt: skip

AS_STORED = whole("the value as it is kept")


# --- object types ------------------------------------------------------------------------------------------


def _scalar(attribute: Attribute) -> Any:
    # A GraphQL Int has 32 bits, too few for bytes; other whole numbers are counts.
    return Long if attribute.type == "int" and attribute.unit == "bytes" else PYTHON[attribute.type]


def _object(cls: CIClass) -> type[CI]:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": cls.sentence}
    for attribute in cls.attributes:
        body["__annotations__"][attribute.name] = _scalar(attribute) | None
        body[attribute.name] = strawberry.field(description=sentence_of(attribute), default=None, metadata=AS_STORED)
    made: type[CI] = strawberry.type(type(cls.name, (CI,), body), name=cls.name, description=cls.sentence)
    return made


TYPES: dict[str, type[CI]] = {name: _object(cls) for name, cls in catalogue().classes.items()}
_ABSENT: dict[str, dict[str, Any]] = {
    name: {**dict.fromkeys(("stale_since", "expires_at", "as_of", *(a.name for a in cls.attributes))), "tags": []}
    for name, cls in catalogue().classes.items()
}


_PLAIN: dict[str, Any] = {
    **dict.fromkeys(("stale_since", "expires_at", "as_of", *(a.name for a in COMMON))), "tags": [],
}  # fmt: skip


@strawberry.type(name=PLAIN, description="A stored CI of a class that is no longer declared; nothing of it is lost.")
class PlainCI(CI):
    """What an extension left behind when it was removed."""


def _make(row: Row) -> CI:
    # Not by the constructor: it would take thirty arguments for each of many rows, and set them one by one.
    name = row["class"]
    made = object.__new__(TYPES.get(name, PlainCI))
    vars(made).update(_ABSENT.get(name, _PLAIN), **row)
    vars(made).update(row=row, class_=name)
    return made


on_make(_make)


# --- filters -----------------------------------------------------------------------------------------------


def _comparisons(name: str, kind: Any, ops: dict[str, str]) -> type:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": f"Comparisons of {name}."}
    for op, sentence in ops.items():
        python = f"{op}_" if op == "in" else op
        body["__annotations__"][python] = (bool if op == "null" else list[kind] if op == "in" else kind) | None
        body[python] = strawberry.field(name=camel(op), description=sentence, default=strawberry.UNSET)
    made: type = strawberry.input(type(name, (), body), name=name, description="Comparisons; all given must hold.")
    return made


_EQUAL = {"eq": "Equal.", "ne": "Not equal.", "in": "One of these.", "null": "Whether it is absent."}
_TEXT = {
    "contains": "Contains this, in any case.", "prefix": "Starts with this, in any case.",
    "suffix": "Ends with this, in any case.",
    "starts_with": "Starts with exactly this: looked up by index where there is one, which is faster.",
}  # fmt: skip
_ORDER = {"gt": "Greater.", "gte": "Greater or equal.", "lt": "Less.", "lte": "Less or equal."}
_FILTERS = {
    "string": _comparisons("StringFilter", str, {**_EQUAL, **_TEXT, **_ORDER}),
    "int": _comparisons("NumberFilter", float, {**_EQUAL, **_ORDER}),
    "boolean": _comparisons("BooleanFilter", bool, {"eq": "Equal.", "null": "Whether it is absent."}),
    "strings": _comparisons("StringsFilter", str, {**_EQUAL, **_TEXT}),
}
_FILTERS["datetime"], _FILTERS["float"] = _FILTERS["string"], _FILTERS["int"]


@strawberry.enum(description="Which way an edge is followed.")
class Way(Enum):
    """Directions."""

    OUT = strawberry.enum_value("OUT", description="To what it depends on.")
    IN = strawberry.enum_value("IN", description="To what depends on it.")


@strawberry.input(
    description="An edge of the state asked for that leads to a live CI like that; three inside each other at most."
)
class RelatedFilter:
    """A filter by relation."""

    type: str | None = strawberry.field(description="The relation's name; any, if left out.", default=None)
    direction: Way = strawberry.field(description="Which way.", default=Way.OUT)
    to: CIFilter | None = strawberry.field(description="Which CI it leads to; any, if left out.", default=None)
    none: bool = strawberry.field(description="That there is no such edge.", default=False)


def _filter(name: str, attributes: dict[str, str], *, is_open: bool = False) -> type:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": f"Which {name}."}

    def add(python: str, public: str, kind: Any, sentence: str) -> None:
        body["__annotations__"][python] = kind
        body[python] = strawberry.field(name=public, description=sentence, default=strawberry.UNSET)

    own = f"{name}Filter"
    add("and_", "and", f"list[{own}] | None", "All of these hold.")
    add("or_", "or", f"list[{own}] | None", "At least one of these holds.")
    add("not_", "not", f"{own} | None", "This does not hold.")
    add("related", "related", list[RelatedFilter] | None, "By what it is joined with; all given must hold.")
    for attribute, kind in attributes.items():
        python = f"{attribute}_" if attribute == "class" else attribute
        add(python, camel(attribute), _FILTERS[kind] | None, f"By {attribute.replace('_', ' ')}.")
    add("extra", "extra", list[ExtraFilter] | None, "By free attributes; all of these hold.")
    if is_open:
        add("attributes", "attributes", list[AttributeFilter] | None, "By attributes of whatever class declares them.")
    made: type = strawberry.input(type(own, (), body), name=own, description="All given parts must hold.")
    globals()[own] = made  # the type names itself in and, or, not
    return made


INPUTS: dict[str | None, type] = {None: _filter("CI", {**{a.name: a.type for a in COMMON}, **BASE}, is_open=True)}
for _cls in catalogue().classes.values():
    INPUTS[_cls.name] = _filter(_cls.name, {**{a.name: a.type for a in _cls.attributes}, **BASE})


def to_filter(given: Any) -> Filter:
    """A filter input as the store's filter."""
    parts: list[Filter] = []
    for python, value in vars(given).items():
        if value is strawberry.UNSET or value is None:
            continue
        match python:
            case "and_":
                parts.append(And(tuple(to_filter(v) for v in value)))
            case "or_":
                parts.append(Or(tuple(to_filter(v) for v in value)))
            case "not_":
                parts.append(Not(to_filter(value)))
            case "related":
                parts += [_related(one) for one in value]
            case "extra" | "attributes":
                parts += [one.compared() for one in value]
            case _:
                given_ops = {op.rstrip("_"): v for op, v in vars(value).items() if v is not strawberry.UNSET}
                parts += [_compared(python.rstrip("_"), op, v) for op, v in given_ops.items()]
    return And(tuple(parts))


def _related(one: RelatedFilter) -> Related:
    return Related(
        one.type, "in" if one.direction is Way.IN else "out", to_filter(one.to) if one.to else And(()), one.none
    )


def _compared(attribute: str, op: Any, value: Any) -> Compare:
    """A comparison that can hold: with null, or with a state that there is not, nothing would be found, unsaid."""
    where = f"filter.{camel(attribute)}.{camel(op)}"
    if value is None:
        raise Invalid("compare with a value; what is absent is found by `null: true`", where=where)
    if attribute in _STATES and op in {"eq", "ne", "in"}:
        for one in value if op == "in" else [value]:
            if one not in _STATES[attribute]:
                known = ", ".join(_STATES[attribute])
                raise UnknownName(f"there is no {attribute} {one[:80]!r}; known are {known}", where=where)
    return Compare(attribute, op, value)


_STATES = {
    "status": ("live", "retired"),
    "lifecycle": tuple(dict.fromkeys(s for cls in catalogue().classes.values() for s in cls.lifecycle.states)),
}
"""Attributes with a few known values, which every CI has."""


# --- lists -------------------------------------------------------------------------------------------------


@strawberry.input(description="One attribute to order by.")
class Order:
    """An entry of `order`."""

    attribute: str = strawberry.field(description="The attribute, in camelCase.")
    descending: bool = strawberry.field(description="Greatest first.", default=False)


Keys = tuple[tuple[str, Direction], ...]


def _keys(order: list[Order] | None) -> Keys:
    given = order or [Order(attribute="name")]
    if len(given) > 5:
        raise TooLarge(f"at most 5 attributes to order by, not {len(given)}", where="order")
    return tuple((snake(one.attribute), "desc" if one.descending else "asc") for one in given)


def cursor_of(row: Row, keys: Keys) -> str:
    """Where a row stands in the order."""
    return cursor(place(row, keys))


def _connection(name: str, row_type: Any, cls: str | None) -> type:
    """The type of a page: nodes, edges, where it ends, and how many there are in all when that is asked."""

    @readable_by(Role.READER)
    @strawberry.type(name=f"{name}Edge", description=f"A row of a page of {name}.")
    class Edge:
        node: Any = strawberry.field(description="The row.", graphql_type=row_type)
        cursor: str = strawberry.field(description="Give this as `after` to go on behind this row.")

    @readable_by(Role.READER)
    @strawberry.type(name=f"{name}Connection", description=f"A page of {name}.")
    class Connection:
        rows: strawberry.Private[list[Row]]
        keys: strawberry.Private[Keys]
        where: strawberry.Private[Filter]
        cls: strawberry.Private[str | None]
        state: strawberry.Private[Asked]
        page_info: PageInfo = strawberry.field(description="Where this page ends.")

        @computed("The rows of this page.", graphql_type=list[row_type])
        def nodes(self) -> Any:
            return made(self.rows)

        @computed("The rows of this page, each with its cursor.", graphql_type=list[Edge])
        def edges(self) -> Any:
            return [Edge(node=make(row), cursor=cursor_of(row, self.keys)) for row in self.rows]

        @computed("How many there are in all pages; counted only when asked.")
        async def total_count(self) -> int:
            return await blocking(self.state.store.count, cls or self.cls, self.where, self.state.at)

        @computed("Why CIs of then may be missing, if so: the history of long retired CIs is kept no longer.")
        async def truncated(self, info: Info) -> str | None:
            return await forgotten(info, self.state.at)

    return Connection


def _list(cls: CIClass | None) -> Root:
    name = cls.name if cls else None
    connection = _connection(name or "CI", TYPES[name] if name else CI, name)

    async def resolve(
        info: Info,
        filter: Any = None,  # noqa: A002  # the argument's public name
        order: list[Order] | None = None,
        first: int = 25,
        after: str | None = None,
        include_retired: bool = False,
        as_of: AsOf = None,
        proposed: Proposed = None,
        **narrowed: str | None,
    ) -> Any:
        of, keys, size = name or narrowed.get("class_"), _keys(order), page_size(first)
        live = () if include_retired else (Compare("status", "eq", "live"),)
        where = And((*live, *([to_filter(filter)] if filter else [])))
        behind = read_cursor(after) if after else None
        state = await asked(info, as_of, proposed)
        rows = await blocking(state.store.find, of, where, keys, size, behind, state.at)
        shown = rows[:size]
        info.context.loaders.prime(shown)
        end = PageInfo(has_next_page=len(rows) > size, end_cursor=cursor_of(shown[-1], keys) if shown else None)
        return connection(rows=shown, keys=keys, where=where, cls=of, state=state, page_info=end)

    _sign(resolve, {"filter": INPUTS[name] | None, "return": connection}, narrowed=cls is None)
    resolve.__doc__ = f"{cls.sentence} All of them, filtered, ordered and in pages." if cls else "CIs of any class."
    return question(Role.READER, name=camel(cls.plural) if cls else "cis")(resolve)


def _sign(resolve: Any, exact: dict[str, Any], *, narrowed: bool) -> None:
    """Give a list's resolver its exact types, and the argument `class` where all classes are asked."""
    signature = inspect.signature(resolve, eval_str=True)
    parameters = {n: p.replace(annotation=exact.get(n, p.annotation)) for n, p in signature.parameters.items()}
    parameters.pop("narrowed")
    if narrowed:
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters["class_"] = inspect.Parameter("class_", keyword, default=None, annotation=OfClass)
    resolve.__signature__ = signature.replace(parameters=list(parameters.values()), return_annotation=exact["return"])
    resolve.__annotations__ = {**{n: p.annotation for n, p in parameters.items()}, "return": exact["return"]}


def lists() -> list[Root]:
    """One list per class, and one of all."""
    return [_list(None), *(_list(cls) for cls in catalogue().classes.values())]


def implementations() -> list[type]:
    """Every class's type, for the schema."""
    assert all(get_object_definition(made) for made in TYPES.values())
    return [*TYPES.values(), PlainCI]
