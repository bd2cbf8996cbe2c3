"""Finding CIs: by id, by what people type, by name."""

from __future__ import annotations

from typing import Annotated

import strawberry

from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.generate import page_size
from cmdb_graphql.types import CI, make


@question()
async def ci(info: Info, id: strawberry.ID) -> CI | None:  # noqa: A002  # the argument's public name
    """One CI by its id, retired ones included."""
    row = await info.context.loaders.ci.load(str(id))
    return None if row is None else make(row)


@question()
async def search(info: Info, text: str, first: int = 20) -> list[CI]:
    """Live CIs by the start of any word of their name, key or searched attributes, best first."""
    rows = await blocking(info.context.services.store.search, text, page_size(first))
    info.context.loaders.prime(rows)
    return [make(row) for row in rows]


@question()
async def resolve(
    info: Info, name: str, class_: Annotated[str | None, strawberry.argument(name="class")] = None, first: int = 20
) -> list[CI]:
    """The CIs meant by a name: by id, else by exact name or local key, else by the start of an id, else by the start of a name."""
    rows = await blocking(info.context.services.store.resolve, name, class_, page_size(first))
    return [make(row) for row in rows]
