"""Finding CIs: by id, by what people type, by name."""

from __future__ import annotations

import strawberry

from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question
from cmdb_graphql.cursors import cursor, read_texts
from cmdb_graphql.moment import AsOf
from cmdb_graphql.pages import FoundConnection, MatchConnection
from cmdb_graphql.proposed import Proposed, asked
from cmdb_graphql.types import CI, After, OfClass, ended, made, make, page_size


@question(Role.READER)
async def ci(info: Info, id: strawberry.ID, as_of: AsOf = None, proposed: Proposed = None) -> CI | None:  # noqa: A002
    """One CI by its id, retired ones included; as it was or would be, and so is what surrounds it."""
    row = await (await asked(info, as_of, proposed)).loaders.ci.load(str(id))
    return None if row is None else make(row)


TEXT = "What people type: the start of each word is enough; `*.example.org` looks for ends."


@question(Role.READER, arguments={"text": TEXT})
async def search(
    info: Info, text: str, first: int = 20, after: After = None, as_of: AsOf = None, proposed: Proposed = None
) -> FoundConnection:
    """Live CIs by the start (or, behind a `*`, the end) of any word of their name, key or searched attributes, by name.

    Every piece of the text must be found.
    """
    size, behind = page_size(first), read_texts(after or None, 2)
    state = await asked(info, as_of, proposed)
    rows = await blocking(state.store.search, text, size, behind, state.at)
    info.context.loaders.prime(rows)
    end = ended(rows, size, lambda row: cursor([row["name"], row["id"]]))
    return FoundConnection(nodes=made(rows[:size]), page_info=end, at=state.at)


RESOLVE = {
    "name": "An id, a name, a local key, or the start of an id or name.",
    "includeRetired": "Also those that are retired, when no live one fits.",
}


@question(Role.READER, arguments=RESOLVE)
async def resolve(
    info: Info, name: str, class_: OfClass = None, first: int = 20, include_retired: bool = False,
    as_of: AsOf = None, proposed: Proposed = None,
) -> MatchConnection:  # fmt: skip
    """The CIs meant by a name: by id, else by exact name or key, else by the start of an id, else of a name."""
    state, size = await asked(info, as_of, proposed), page_size(first)
    rows = await blocking(state.store.resolve, name, class_, size + 1, retired=include_retired, at=state.at)
    info.context.loaders.prime(rows)
    cut = f"more than {size} fit: name it more exactly" if len(rows) > size else None
    return MatchConnection(nodes=made(rows[:size]), cut=cut, at=state.at)
