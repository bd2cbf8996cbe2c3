"""Finding CIs: by id, by what people type, by name."""

from __future__ import annotations

import strawberry

from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.moment import AsOf, pinned
from cmdb_graphql.types import CI, OfClass, make, page_size


@question(Role.VIEWER)
async def ci(info: Info, id: strawberry.ID, as_of: AsOf = None) -> CI | None:  # noqa: A002  # the argument's public name
    """One CI by its id, retired ones included; as of a moment it is as it was, and so is what surrounds it."""
    row = await info.context.loaders.at(await pinned(info, as_of)).ci.load(str(id))
    return None if row is None else make(row)


@question(Role.VIEWER, arguments={"text": "What people type; the start of each word is enough."})
async def search(info: Info, text: str, first: int = 20) -> list[CI]:
    """Live CIs by the start of any word of their name, key or searched attributes, best first; of now only."""
    rows = await blocking(info.context.services.store.search, text, page_size(first))
    info.context.loaders.prime(rows)
    return [make(row) for row in rows]


RESOLVE = {
    "name": "An id, a name, a local key, or the start of an id or name.",
    "includeRetired": "Also those that are retired, when no live one fits.",
}


@question(Role.VIEWER, arguments=RESOLVE)
async def resolve(
    info: Info, name: str, class_: OfClass = None, first: int = 20, include_retired: bool = False
) -> list[CI]:
    """The CIs meant by a name: by id, else by exact name or key, else by the start of an id, else of a name. Of now."""
    store = info.context.services.store
    rows = await blocking(store.resolve, name, class_, page_size(first), retired=include_retired)
    info.context.loaders.prime(rows)
    return [make(row) for row in rows]
