"""The schema: everything declared, found and put together; `python -m cmdb_graphql.schema` prints it."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type

from cmdb.errors import DeclarationError
from cmdb.words import Process, Role
from cmdb_graphql import fields, generate, lists, long, moment, pages, records
from cmdb_graphql.context import Root


class Built:
    """A schema and the policy of each of its root fields."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self.processes = dict(processes)
        roots = _roots(processes)
        self.policies: dict[tuple[str, str], frozenset[Role]] = {(r.kind, r.name): r.policy for r in roots}
        self.batched = frozenset(r.name for r in roots if r.kind == "subscription" and r.batch)
        self.long_texts = frozenset(r.name for r in roots if r.kind == "query" and r.long_texts)
        self.many_rows = frozenset(r.name for r in roots if r.kind == "mutation" and r.many_rows)
        self.strawberry = strawberry.Schema(
            query=_type("Query", "Questions.", [r for r in roots if r.kind == "query"]),
            mutation=_type("Mutation", "Commands.", [r for r in roots if r.kind == "mutation"]),
            subscription=_type(
                "Subscription", "The journal as it grows.", [r for r in roots if r.kind == "subscription"]
            ),
            types=generate.implementations(),
            config=StrawberryConfig(
                auto_camel_case=True, scalar_map={long.Long: long.DEFINITION, moment.Moment: moment.DEFINITION}
            ),
        )
        self.graphql: GraphQLSchema = self.strawberry._schema
        lists.say(self.graphql)
        self.type_policies = _type_policies(self.graphql)
        if missing := check(self.graphql, self.policies, self.type_policies) + lists.silent(self.graphql):
            raise DeclarationError("; ".join(missing))


_BUILT: dict[tuple[int, ...], Built] = {}
_KEPT = 8
"""Schemas in one process: one, and a few in tests."""


def built(processes: Mapping[str, Process]) -> Built:
    """The schema of these very processes: half a second's work that never changes, so servers of the same share it.

    Not to be called by two at once.
    """
    key = tuple(id(process) for process in processes.values())  # what is built holds them: an identity stays theirs
    made = _BUILT.pop(key, None) or Built(processes)
    while len(_BUILT) >= _KEPT:
        _BUILT.pop(next(iter(_BUILT)))
    _BUILT[key] = made
    return made


def _roots(processes: Mapping[str, Process]) -> list[Root]:
    found = generate.lists()
    for module in sorted(m.name for m in pkgutil.iter_modules(fields.__path__)):
        values = vars(import_module(f"{fields.__name__}.{module}")).values()
        found += [value for value in values if isinstance(value, Root)]
    for process in processes.values():
        found += records.roots(process)
    names = [(root.kind, root.name) for root in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise DeclarationError(f"declared twice: {sorted(twice)}")
    return sorted(found, key=lambda root: (root.kind, root.name))


def _type(name: str, description: str, roots: list[Root]) -> type:
    return create_type(name, [root.field for root in roots], description=description)


def _type_policies(schema: GraphQLSchema) -> dict[str, frozenset[Role]]:
    """The roles each object type asks for, by its name; root types ask field by field. A page asks for its rows'."""
    found: dict[str, frozenset[Role]] = {}
    rows: dict[str, str] = {}
    for name, made in schema.type_map.items():
        origin = getattr(made.extensions.get("strawberry-definition"), "origin", None)
        policy = getattr(origin, "__policy__", None)
        if policy:
            found[name] = policy
        if isinstance(made, GraphQLObjectType) and isinstance(origin, type) and issubclass(origin, pages.Connection):
            rows[name] = str(get_named_type(made.fields["nodes"].type))
    return {**found, **{page: found[row] for page, row in rows.items() if row in found}}


def check(
    schema: GraphQLSchema,
    policies: Mapping[tuple[str, str], frozenset[Role]],
    type_policies: Mapping[str, frozenset[Role]],
) -> list[str]:
    """What is missing: a sentence of a type, field, argument or value; a policy of a root field or object type."""
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    missing = [
        f"{root.name}.{name} has no policy"
        for kind, root in roots.items()
        if root is not None
        for name in root.fields
        if not policies.get((kind, name))
    ]
    for name, made in schema.type_map.items():
        if name.startswith("__"):
            continue
        missing += [f"{place} has no sentence" for place, sentence in _sentences(name, made) if not sentence]
        object_type = isinstance(made, GraphQLObjectType | GraphQLInterfaceType) and made not in roots.values()
        if object_type and name not in type_policies:
            missing.append(f"{name} has no policy")
    return sorted(missing)


def _sentences(name: str, made: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    yield name, made.description
    if isinstance(made, GraphQLEnumType):
        yield from ((f"{name}.{value}", one.description) for value, one in made.values.items())
    if isinstance(made, GraphQLObjectType | GraphQLInterfaceType):
        for field, one in made.fields.items():
            yield f"{name}.{field}", one.description
            yield from ((f"{name}.{field}({a}:)", given.description) for a, given in one.args.items())
    if isinstance(made, GraphQLInputObjectType):
        yield from ((f"{name}.{field}", given.description) for field, given in made.fields.items())


def text(processes: Mapping[str, Process]) -> str:
    """The schema in the schema definition language."""
    return print_schema(Built(processes).graphql) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text({}))
