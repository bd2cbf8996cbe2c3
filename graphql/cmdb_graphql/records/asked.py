"""A computed question of a process as a GraphQL question."""

from __future__ import annotations

import asyncio
import inspect
from functools import cache
from typing import Any

import strawberry

from cmdb.applier import utc_now
from cmdb.words import Attribute, Question, Role, Shape
from cmdb_graphql.client import LocalClient
from cmdb_graphql.context import Info, Root, camel, question, readable_by
from cmdb_graphql.generate import AS_STORED, PYTHON
from cmdb_graphql.records.shared import AS_MANY, part_rows, part_type
from cmdb_graphql.types import plain, sentence_of


def asked(declared: Question) -> Root:
    """The question, decided in a thread of its own: it puts questions to this server like anybody."""
    made = shape_type(declared.answer)

    async def resolve(info: Info, **arguments: Any) -> Any:
        given = {name: tuple(v) if isinstance(v, list) else v for name, v in arguments.items()}
        who = info.context.principal
        ask = LocalClient(info.context.services, who).ask
        found = await asyncio.to_thread(declared.decide, ask, given, who, utc_now())
        values = plain({a.name: found.get(a.name) for a in declared.answer.attributes})
        rows = {part.name: part_rows(part, found.get(part.name) or ()) for part in declared.answer.parts}
        return made(**values, **rows)

    signed(resolve, declared.arguments, made)
    resolve.__doc__ = declared.sentence
    sentences = {camel(attribute.name): sentence_of(attribute) for attribute in declared.arguments}
    return question(*declared.roles, name=camel(declared.name), arguments=sentences)(resolve)


@cache
def shape_type(shape: Shape) -> Any:
    """The object type of an answer."""
    body: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for attribute in shape.attributes:
        body["__annotations__"][attribute.name] = _kind(attribute)
        body[attribute.name] = strawberry.field(description=sentence_of(attribute), metadata=AS_STORED)
    for part in shape.parts:
        body["__annotations__"][part.name] = list[part_type(part)]  # type: ignore[misc]  # a type made at run time
        body[part.name] = strawberry.field(description=part.sentence, metadata=AS_MANY)
    made: type = strawberry.type(type(shape.name, (), body), name=shape.name, description=shape.sentence)
    return readable_by(Role.VIEWER)(made)


def signed(function: Any, arguments: tuple[Attribute, ...], answer: Any) -> None:
    """Give a resolver its declared arguments as its signature: strawberry reads them from there."""
    empty, keyword = inspect.Parameter.empty, inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)]
    function.__annotations__ = {"info": Info, "return": answer}
    for one in sorted(arguments, key=lambda a: not a.required):
        kind = _kind(one)
        function.__annotations__[one.name] = kind
        parameters.append(
            inspect.Parameter(one.name, keyword, annotation=kind, default=empty if one.required else None)
        )
    function.__signature__ = inspect.Signature(parameters, return_annotation=answer)


def _kind(attribute: Attribute) -> Any:
    return PYTHON[attribute.type] if attribute.required else PYTHON[attribute.type] | None
