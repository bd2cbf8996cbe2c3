"""Views: what restricted accounts see."""

from __future__ import annotations

from typing import Any, cast

import orjson
import strawberry
from strawberry.scalars import JSON

from cmdb.cypher.views import from_json, to_json
from cmdb.store.views import MOST_VIEWS
from cmdb.words import Role
from cmdb.words import View as Kept
from cmdb_graphql.context import Info, blocking, command, question, readable_by
from cmdb_graphql.fields.commands import KEPT_REV, REASON, REV, by
from cmdb_graphql.generate import INPUTS, to_filter


@readable_by(Role.ADMIN)
@strawberry.type(description="A part of the graph that readers are kept to.")
class View:
    """A view."""

    name: str = strawberry.field(description="Its name.")
    filter: JSON = strawberry.field(description="Which CIs it shows, as it was understood.")
    ready: bool = strawberry.field(description="Whether it is in force; while false, CIs are being looked at.")
    rev: int = strawberry.field(
        description="Its revision: the journal sequence it was defined at; 0 while not in force."
    )


def _view(kept: Kept) -> View:
    shows = cast(JSON, orjson.loads(to_json(from_json(kept.filter))))
    return View(name=kept.name, filter=shows, ready=kept.ready, rev=kept.rev)


@question(Role.ADMIN, complete=f"at most {MOST_VIEWS} views are kept")
async def views(info: Info) -> list[View]:
    """Every view, by name."""
    return [_view(kept) for kept in await blocking(info.context.services.store.views)]


async def define_view(
    info: Info, name: str, filter: Any, rev: int | None = None, reason: str | None = None  # noqa: A002
) -> View:  # fmt: skip
    """Make a view, or give it a new filter. What is inside a CI that is not shown is not shown either."""
    store = info.context.services.store
    return _view(await blocking(store.define_view, name, to_filter(filter), by(info, reason), rev=rev))


define_view.__annotations__["filter"] = INPUTS[None]  # made at import, so no name to write down
DEFINE = command(Role.ADMIN, arguments={**REASON, **KEPT_REV, "filter": "Which CIs it shows."})(define_view)


@command(Role.ADMIN, arguments={**REASON, **REV})
async def drop_view(info: Info, name: str, rev: int | None = None, reason: str | None = None) -> bool:
    """Take a view away: accounts kept to it see nothing until they get another."""
    await blocking(info.context.services.store.drop_view, name, by(info, reason), rev=rev)
    return True
