"""From a declared CI class to its GraphQL type, filter, connection and list. Nothing here knows any class by name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import orjson
import strawberry
from strawberry.types import get_object_definition

from cmdb.classes import catalogue
from cmdb.cypher import And, Compare, Filter, Not, Or
from cmdb.cypher.filters import BASE
from cmdb.errors import Invalid, TooLarge
from cmdb.store import Row
from cmdb.words import Attribute, CIClass, Role
from cmdb_graphql.context import Info, Root, blocking, camel, question
from cmdb_graphql.types import CI, PageInfo, make, on_make

PAGE = 100
_PYTHON: dict[str, Any] = {
    "string": str, "datetime": str, "int": int, "float": float, "boolean": bool, "strings": list[str],
}  # fmt: skip
_GRAPHQL_INT = 2**31
_KEYWORDS = {"in_": "in", "and_": "and", "or_": "or", "not_": "not", "class_": "class"}


# --- object types ------------------------------------------------------------------------------------------


def _sentence(attribute: Attribute) -> str:
    return attribute.sentence + (f" Unit: {attribute.unit}." if attribute.unit else "")


def _scalar(attribute: Attribute) -> Any:
    # A GraphQL Int has 32 bits; bytes and the like do not fit, a Float carries them exactly up to 2^53.
    return float if attribute.type == "int" and attribute.unit == "bytes" else _PYTHON[attribute.type]


def _object(cls: CIClass) -> type[CI]:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": cls.sentence}
    for attribute in cls.attributes:
        body["__annotations__"][attribute.name] = _scalar(attribute) | None
        body[attribute.name] = strawberry.field(description=_sentence(attribute), default=None)
    made: type[CI] = strawberry.type(type(cls.name, (CI,), body), name=cls.name, description=cls.sentence)
    return made


TYPES: dict[str, type[CI]] = {name: _object(cls) for name, cls in catalogue().classes.items()}
_ATTRIBUTES = {name: tuple(a.name for a in cls.attributes) for name, cls in catalogue().classes.items()}


def _make(row: Row) -> CI:
    name = row["class"]
    values = {attribute: row.get(attribute) for attribute in _ATTRIBUTES[name]}
    return TYPES[name](
        row=row, id=strawberry.ID(row["id"]), class_=name, name=row["name"], status=row["status"], rev=row["rev"],
        key=row["key"], first_seen=row["first_seen"], **values,
    )  # fmt: skip


on_make(_make)


# --- filters -----------------------------------------------------------------------------------------------


def _comparisons(name: str, kind: Any, ops: dict[str, str]) -> type:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": f"Comparisons of {name}."}
    for op, sentence in ops.items():
        python = f"{op}_" if op == "in" else op
        body["__annotations__"][python] = (bool if op == "null" else list[kind] if op == "in" else kind) | None
        body[python] = strawberry.field(name=op, description=sentence, default=strawberry.UNSET)
    made: type = strawberry.input(type(name, (), body), name=name, description="Comparisons; all given must hold.")
    return made


_EQUAL = {"eq": "Equal.", "ne": "Not equal.", "in": "One of these.", "null": "Whether it is absent."}
_TEXT = {"contains": "Contains this, in any case.", "prefix": "Starts with this, in any case."}
_ORDER = {"gt": "Greater.", "gte": "Greater or equal.", "lt": "Less.", "lte": "Less or equal."}
_FILTERS = {
    "string": _comparisons("StringFilter", str, {**_EQUAL, **_TEXT, **_ORDER}),
    "int": _comparisons("NumberFilter", float, {**_EQUAL, **_ORDER}),
    "boolean": _comparisons("BooleanFilter", bool, {"eq": "Equal.", "null": "Whether it is absent."}),
    "strings": _comparisons("StringsFilter", str, {**_EQUAL, **_TEXT}),
}
_FILTERS["datetime"], _FILTERS["float"] = _FILTERS["string"], _FILTERS["int"]


def _filter(name: str, attributes: dict[str, str]) -> type:
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, "__doc__": f"Which {name}."}

    def add(python: str, public: str, kind: Any, sentence: str) -> None:
        body["__annotations__"][python] = kind
        body[python] = strawberry.field(name=public, description=sentence, default=strawberry.UNSET)

    own = f"{name}Filter"
    add("and_", "and", f"list[{own}] | None", "All of these hold.")
    add("or_", "or", f"list[{own}] | None", "At least one of these holds.")
    add("not_", "not", f"{own} | None", "This does not hold.")
    for attribute, kind in attributes.items():
        python = f"{attribute}_" if attribute == "class" else attribute
        add(python, camel(attribute), _FILTERS[kind] | None, f"By {attribute.replace('_', ' ')}.")  # type: ignore[operator]
    made: type = strawberry.input(type(own, (), body), name=own, description="All given parts must hold.")
    globals()[own] = made  # the type names itself in and, or, not
    return made


INPUTS: dict[str | None, type] = {None: _filter("CI", dict(BASE))}
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
            case _:
                attribute = python.rstrip("_")
                parts += [Compare(attribute, _op(op), v) for op, v in vars(value).items() if v is not strawberry.UNSET]
    return And(tuple(parts))


def _op(python: str) -> Any:
    return python.rstrip("_")


# --- lists -------------------------------------------------------------------------------------------------


@strawberry.input(description="One attribute to order by.")
class Order:
    """An entry of `order`."""

    attribute: str = strawberry.field(description="The attribute, in camelCase.")
    descending: bool = strawberry.field(description="Greatest first.", default=False)


def cursor(values: list[Any]) -> str:
    """An opaque cursor: the order values of a row, then its id."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _read_cursor(text: str) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Invalid("this is no cursor of ours", where="after") from error
    if not isinstance(values, list):
        raise Invalid("this is no cursor of ours", where="after")
    return values


def snake(name: str) -> str:
    """camelCase to snake_case."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def page_size(first: int) -> int:
    """`first` as asked, if it is allowed."""
    if not 1 <= first <= PAGE:
        raise TooLarge(f"a page has 1 to {PAGE} rows, not {first}", where="first")
    return first


def _connection(name: str, node: Any, cls: str | None) -> type:
    async def total_count(self: Any, info: Info) -> int:
        return await blocking(info.context.services.store.count, cls, self.where)

    body: dict[str, Any] = {
        "__annotations__": {"where": strawberry.Private[Any], "nodes": list[node], "page_info": PageInfo},
        "__module__": __name__,
        "__doc__": f"A page of {name}.",
        "nodes": strawberry.field(description="The rows of this page."),
        "page_info": strawberry.field(description="Where this page ends."),
        "total_count": strawberry.field(resolver=total_count, description="How many there are in all pages."),
    }
    made: type = strawberry.type(type(f"{name}Connection", (), body), description=f"A page of {name}.")
    return made


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
    ) -> Any:
        keys = tuple(
            (snake(o.attribute), "desc" if o.descending else "asc") for o in order or [Order(attribute="name")]
        )
        parts: list[Filter] = [] if include_retired else [Compare("status", "eq", "live")]
        where = And((*parts, *([to_filter(filter)] if filter else [])))
        size = page_size(first)
        store = info.context.services.store
        rows = await blocking(store.find, name, where, keys, size, _read_cursor(after) if after else None)
        shown = rows[:size]
        info.context.loaders.prime(shown)
        ends = [shown[-1].get(k) for k, _ in keys if k != "id"] + [shown[-1]["id"]] if shown else None
        info_ = PageInfo(has_next_page=len(rows) > size, end_cursor=cursor(ends) if ends else None)
        return connection(where=where, nodes=[make(row) for row in shown], page_info=info_)

    resolve.__annotations__.update({"filter": INPUTS[name] | None, "return": connection})  # type: ignore[operator]
    resolve.__annotations__["info"] = Info
    resolve.__annotations__["order"] = list[Order] | None
    resolve.__doc__ = f"{cls.sentence} All of them, filtered, ordered and in pages." if cls else "CIs of any class."
    return question(Role.VIEWER, name=camel(cls.plural) if cls else "cis")(resolve)


def lists() -> list[Root]:
    """One list per class, and one of all."""
    return [_list(None), *(_list(cls) for cls in catalogue().classes.values())]


Describe = Callable[[Any], str]


def implementations() -> list[type]:
    """Every class's type, for the schema."""
    assert all(get_object_definition(made) for made in TYPES.values())
    return list(TYPES.values())
