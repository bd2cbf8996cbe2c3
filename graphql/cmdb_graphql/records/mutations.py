"""A process command as a GraphQL mutation."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import strawberry

from cmdb.words import Command, RecordType
from cmdb_graphql import limits
from cmdb_graphql.context import Info, Root, camel, command
from cmdb_graphql.fields.commands import REV
from cmdb_graphql.generate import PYTHON
from cmdb_graphql.records.carry import Carrying
from cmdb_graphql.records.objects import object_of
from cmdb_graphql.records.shared import given_rows, part_input
from cmdb_graphql.types import sentence_of


def mutation(do: Command, kind: RecordType, made: Any) -> Root:
    """The mutation of a command; it answers the record as it is then."""
    parts = {part.name: part for part in kind.parts if part.name in do.parts}

    async def resolve(info: Info, **arguments: Any) -> Any:
        number, rev = arguments.pop("number", None), arguments.pop("rev", None)
        cis = tuple(str(ci) for ci in arguments.get("cis") or ())
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
        given |= {name: given_rows(part, given[name]) for name, part in parts.items() if given.get(name) is not None}
        carrying = Carrying(info.context.services, info.context.principal, patience=limits.COMMAND_DEADLINE)
        # In a thread of its own: the decision may ask questions, which run in this server like anybody's.
        record = await asyncio.to_thread(carrying.give, do.name, number, given, cis, rev)
        info.context.loaders.forget()
        return object_of(made, kind, record)

    resolve.__annotations__.update({"info": Info, "return": made})
    resolve.__doc__ = do.sentence
    _sign(resolve, do, kind)
    sentences = {camel(attribute.name): sentence_of(attribute) for attribute in do.arguments}
    sentences |= {camel(name): part.sentence for name, part in parts.items()} | REV
    return command(*do.roles, name=camel(do.name), arguments=sentences)(resolve)


def _sign(function: Any, do: Command, kind: RecordType) -> None:
    """Give the resolver the declared arguments as its signature: strawberry reads them from there."""
    parameters = [inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)]
    kinds: dict[str, tuple[Any, Any]] = {}
    empty = inspect.Parameter.empty
    if not do.opens:
        kinds |= {"number": (str, empty), "rev": (int | None, None)}
    elif do.cis_optional:
        kinds["cis"] = (list[strawberry.ID] | None, None)
    else:
        kinds["cis"] = (list[strawberry.ID], empty)
    for attribute in sorted(do.arguments, key=lambda a: not a.required):
        python = PYTHON[attribute.type]
        kinds[attribute.name] = (python, empty) if attribute.required else (python | None, None)
    for part in kind.parts:
        if part.name in do.parts:
            kinds[part.name] = (list[part_input(part)] | None, None)  # type: ignore[misc]  # made at run time
    for name, (annotation, default) in kinds.items():
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        )
        function.__annotations__[name] = annotation
    function.__signature__ = inspect.Signature(parameters, return_annotation=function.__annotations__["return"])
