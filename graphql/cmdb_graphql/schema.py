"""The schema: everything declared, found and put together; `python -m cmdb_graphql.schema` prints it."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Mapping
from importlib import import_module

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type

from cmdb.errors import DeclarationError
from cmdb.words import Process, Role
from cmdb_graphql import fields, generate, records
from cmdb_graphql.context import Root


class Built:
    """A schema and the policy of each of its root fields."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        roots = _roots(processes)
        self.policies: dict[tuple[str, str], Role] = {
            (root.kind, root.name): root.policy for root in roots
        }  # every Root was made with one
        self.strawberry = strawberry.Schema(
            query=_type("Query", "Questions.", [r for r in roots if r.kind == "query"]),
            mutation=_type("Mutation", "Commands.", [r for r in roots if r.kind == "mutation"]),
            types=generate.implementations(),
            config=StrawberryConfig(auto_camel_case=True),
        )
        self.graphql: GraphQLSchema = self.strawberry._schema
        check(self)


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


def check(built: Built) -> None:
    """Every field, argument and type has a sentence, and every root field a policy; else the start stops here."""
    missing: list[str] = []
    for name, made in built.graphql.type_map.items():
        if name.startswith("__"):
            continue
        if not made.description:
            missing.append(f"type {name} has no sentence")
        if isinstance(made, GraphQLObjectType | GraphQLInterfaceType):
            missing += [
                f"field {name}.{f} has no sentence" for f, field in made.fields.items() if not field.description
            ]
    for kind, root in (("query", built.graphql.query_type), ("mutation", built.graphql.mutation_type)):
        assert root is not None
        missing += [f"field {root.name}.{f} has no policy" for f in root.fields if (kind, f) not in built.policies]
    if missing:
        raise DeclarationError("; ".join(sorted(missing)))


def text(processes: Mapping[str, Process]) -> str:
    """The schema in the schema definition language."""
    return print_schema(Built(processes).graphql) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text({}))
