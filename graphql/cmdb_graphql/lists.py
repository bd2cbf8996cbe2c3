"""No list is silently short: each is a page, stands beside what says why it was cut, or says why it is never cut."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
)

from cmdb_graphql.context import COMPLETE

SAYS = frozenset({"pageInfo", "truncated", "before"})
"""Fields beside a list that say whether it was cut: where a page ends, or why there is no more."""


def say(schema: GraphQLSchema) -> None:
    """Put the reason why a list is never cut behind its description, for whoever reads the schema."""
    for _, field in _lists(schema):
        reason = _reason(field)
        if reason and field.description and not field.description.endswith(_sentence(reason)):
            field.description += _sentence(reason)


def silent(schema: GraphQLSchema) -> list[str]:
    """Lists that could be cut without a word, by their address."""
    return [
        f"{name} is a list that does not say whether it is whole"
        for name, field in _lists(schema)
        if not _reason(field) and not _beside(schema, name)
    ]


def _lists(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    for name, made in schema.type_map.items():
        if isinstance(made, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            for field, one in made.fields.items():
                if isinstance(get_nullable_type(one.type), GraphQLList):
                    yield f"{name}.{field}", one


def _reason(field: GraphQLField) -> str | None:
    definition = field.extensions.get("strawberry-definition")
    found: str | None = definition.metadata.get(COMPLETE) if definition is not None else None
    return found


def _beside(schema: GraphQLSchema, name: str) -> bool:
    parent = schema.type_map[name.partition(".")[0]]
    return isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and bool(SAYS & set(parent.fields))


def _sentence(reason: str) -> str:
    return f" Always whole: {reason}."
