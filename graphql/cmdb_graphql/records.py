"""Process records and commands, declared by the processes, as GraphQL types, questions and mutations."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import strawberry

from cmdb.applier import utc_now
from cmdb.words import Command, Process, Record, RecordType, Role, Value
from cmdb_graphql.client import LocalClient
from cmdb_graphql.context import Info, Root, blocking, camel, command, question, readable_by, whole
from cmdb_graphql.generate import AS_STORED, PYTHON, sentence_of
from cmdb_graphql.pages import Connection, fetched
from cmdb_graphql.types import CI, make, page_size, plain


@readable_by(Role.READER)
@strawberry.type(description="One step in a record's history; never edited.")
class Transition:
    """A history entry."""

    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    by: str = strawberry.field(description="Who.")
    command: str = strawberry.field(description="By which command.")
    from_state: str | None = strawberry.field(description="The state before; null when it was opened.")
    to_state: str = strawberry.field(description="The state after.")
    reason: str = strawberry.field(description="Why, in one line.")


def _type(kind: RecordType) -> type:
    async def cis(self: Any, info: Info) -> list[CI]:
        rows = await info.context.loaders.ci.load_many(list(self.record.cis))
        return [make(row) for row in rows if row is not None]

    async def history(self: Any, info: Info) -> list[Transition]:
        steps = await blocking(info.context.services.store.history, self.record.id)
        # A reason may name any CI: who is kept to a view is told by which command.
        said = [{**one, "reason": one["command"]} for one in steps] if info.context.narrowed else steps
        return [Transition(**one) for one in said]

    body: dict[str, Any] = {"__annotations__": {"record": strawberry.Private[Record]}, "__module__": __name__}
    base = {
        "id": (strawberry.ID, "Our id of the record."),
        "number": (str, "What people call it."),
        "state": (str, f"One of {', '.join(kind.states)}."),
        "rev": (int, "Rises with every transition."),
        "opened_by": (str, "Who opened it."),
        "opened_at": (str, "When it was opened, ISO 8601 UTC."),
    }
    for name, (python, sentence) in base.items():
        body["__annotations__"][name] = python
        body[name] = strawberry.field(description=sentence)
    for attribute in kind.attributes:
        body["__annotations__"][attribute.name] = PYTHON[attribute.type] | None
        body[attribute.name] = strawberry.field(description=sentence_of(attribute), default=None, metadata=AS_STORED)
    body["cis"] = strawberry.field(
        resolver=cis, description="The CIs it is about.", metadata=whole("all that were named")
    )
    body["history"] = strawberry.field(
        resolver=history, description="Every transition, in order.", metadata=whole("a record has few")
    )
    made: type = strawberry.type(type(kind.name, (), body), name=kind.name, description=kind.sentence)
    return readable_by(Role.READER)(made)


def _object(made: type, kind: RecordType, record: Record, info: Info) -> Any:
    told = kind.shown if info.context.narrowed else [a.name for a in kind.attributes]
    fields = plain({name: record.fields.get(name) for name in told})
    base = {n: getattr(record, n) for n in ("id", "number", "state", "rev", "opened_by", "opened_at")}
    return made(record=record, **base, **fields)


def _questions(kind: RecordType, made: Any) -> list[Root]:
    async def one(info: Info, number: str) -> Any:
        return _object(made, kind, await blocking(info.context.services.store.record, kind.name, number), info)

    async def many(info: Info, state: str | None = None, first: int = 20, after: str | None = None) -> Any:
        serial = int(after.rpartition("-")[2]) if after and after.rpartition("-")[2].isdecimal() else None
        records = info.context.services.store.records
        size = page_size(first)
        found = await blocking(records, kind.name, state, size + 1, serial)
        return fetched(found, size, lambda record: _object(made, kind, record, info), lambda record: record.number)

    one.__annotations__["return"] = made
    many.__annotations__["return"] = Connection[made]
    one.__doc__ = f"One {kind.name} by its number, such as {kind.prefix}-1."
    many.__doc__ = f"{kind.sentence} Newest first; `after` is the number of the last one seen."
    singular = kind.name[0].lower() + kind.name[1:]
    return [question(Role.READER, name=singular)(one), question(Role.READER, name=camel(kind.plural))(many)]


def _mutation(do: Command, kind: RecordType, made: Any) -> Root:
    async def resolve(info: Info, **arguments: Any) -> Any:
        return _object(made, kind, await _carry_out(info, do, kind, arguments), info)

    resolve.__annotations__.update({"info": Info, "return": made})
    resolve.__doc__ = do.sentence
    _sign(resolve, do)
    sentences = {camel(attribute.name): sentence_of(attribute) for attribute in do.arguments}
    return command(*do.roles, name=camel(do.name), arguments=sentences)(resolve)


def _sign(function: Any, do: Command) -> None:
    """Give the resolver the declared arguments as its signature: strawberry reads them from there."""
    parameters = [inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)]
    kinds: dict[str, tuple[Any, Any]] = {}
    if do.opens:
        kinds["cis"] = (list[strawberry.ID], inspect.Parameter.empty)
    else:
        kinds["number"] = (str, inspect.Parameter.empty)
    for attribute in sorted(do.arguments, key=lambda a: not a.required):
        python = PYTHON[attribute.type]
        kinds[attribute.name] = (python, inspect.Parameter.empty) if attribute.required else (python | None, None)
    for name, (annotation, default) in kinds.items():
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        )
        function.__annotations__[name] = annotation
    function.__signature__ = inspect.Signature(parameters, return_annotation=function.__annotations__["return"])


async def _carry_out(info: Info, do: Command, kind: RecordType, arguments: dict[str, Any]) -> Record:
    context = info.context
    store, actor, now = context.services.store, context.principal, utc_now()
    record = None if do.opens else await blocking(store.record, kind.name, arguments.pop("number"))
    given: dict[str, Value] = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    ask = LocalClient(context.services, actor).ask
    # In a thread of its own: the decision may ask questions, which run in this server like anybody's.
    decision = await asyncio.to_thread(do.decide, ask, record, given, actor, now)
    if record is None:
        return await blocking(store.create_record, kind, decision, actor.name, now, do.name)
    return await blocking(store.advance, record, decision, actor.name, now, do.name)


def roots(process: Process) -> list[Root]:
    """All questions and mutations of a process."""
    found: list[Root] = []
    types: dict[str, tuple[RecordType, Any]] = {}
    for kind in process.records:
        made = _type(kind)
        types[kind.name] = (kind, made)
        found += _questions(kind, made)
    return found + [_mutation(do, *types[do.record]) for do in process.commands]
