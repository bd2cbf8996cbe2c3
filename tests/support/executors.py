"""One question through the compiled executor and through graphql-core, and their answers side by side."""

from __future__ import annotations

import re
from inspect import isawaitable
from typing import Any

import orjson
import strawberry
from graphql import DocumentNode, ExecutionResult
from graphql.execution import execute

from cmdb_graphql.compiled import MAX_ERRORS, plan
from cmdb_graphql.endpoint import Executor
from cmdb_graphql.schema import Built
from cmdb_graphql.services import Services

Said = tuple[bytes, list[tuple[str, Any, Any]]]


def said(done: ExecutionResult) -> Said:
    """The data as bytes, and message, path and places of each error."""
    return orjson.dumps(done.data), [(e.message, e.path, e.locations) for e in done.errors or ()]


async def by_plan(
    schema: strawberry.Schema, document: DocumentNode, variables: dict[str, Any], context: Any
) -> ExecutionResult | None:
    """The compiled executor's answer; None when it leaves the question to graphql-core."""
    made = plan(schema, document)
    return None if made is None else await made.execute(context, variables)


async def by_core(
    schema: strawberry.Schema, document: DocumentNode, variables: dict[str, Any], context: Any
) -> ExecutionResult:
    """graphql-core's answer."""
    result: Any = execute(
        schema._schema, document, context_value=context, variable_values=variables, hide_suggestions=True,
        max_coercion_errors=MAX_ERRORS,
    )  # fmt: skip
    done: ExecutionResult = await result if isawaitable(result) else result
    return done


_REFERENCE = re.compile(rb"log as [0-9a-f]{8}")


class Both(Executor):
    """A server's executor that knows how to answer by either way alone."""

    def __init__(self, services: Services, built: Built | None = None) -> None:
        super().__init__(services, built)
        self.compiled = 0
        """Questions the compiled executor answered, errors included."""

    async def compare(self, who: Any, text: str, variables: dict[str, Any]) -> tuple[bytes, bytes]:
        """Both answers as they would be sent, without the references of masked errors."""
        document, _ = self._checked(text, text, variables)
        first = await document.plan.execute(self._context(who), variables) if document.plan else None
        self.compiled += first is not None
        if first is None:
            first = await self._by_core(who, document.document, variables)
        second = await self._by_core(who, document.document, variables)
        return sent(first), sent(second)


def sent(done: ExecutionResult) -> bytes:
    """An answer as it goes out."""
    from cmdb.errors import Invalid
    from cmdb_graphql.endpoint import _answer

    try:
        body: Any = _answer(done).body
    except Invalid as error:
        body = str(error)
    # A flawed store may hand out what JSON has no word for; both ways must still agree on it.
    return _REFERENCE.sub(b"log", orjson.dumps(body, default=repr))
