"""Reports that the mass-loss brake holds."""

from __future__ import annotations

import strawberry

from cmdb.store import Held
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, computed, question, readable_by, whole
from cmdb_graphql.fields.commands import REASON, by
from cmdb_graphql.pages import Connection
from cmdb_graphql.pages import held as page
from cmdb_graphql.types import CI, After, First, make

SHOWN = 100
"""Items named of one loss."""


@readable_by(Role.VIEWER)
@strawberry.type(description="A report held because it would retract too much of what its scope said before.")
class HeldReport:
    """A held report."""

    host_id: strawberry.Private[str | None]
    id: strawberry.ID = strawberry.field(description="The scope: agent and section.")
    node: str = strawberry.field(description="The agent whose report is held.")
    lost: int = strawberry.field(description="How many items it would retract.")
    of: int = strawberry.field(description="How many the scope asserted.")
    items: list[str] = strawberry.field(
        description="What it would retract: class and key of the first hundred.",
        metadata=whole("`lost` beside it says how many there are"),
    )
    since: str = strawberry.field(description="Since when, ISO 8601 UTC.")
    released_by: str | None = strawberry.field(description="Who released it; it is applied in its turn.")

    @computed("The host it is about.")
    async def host(self, info: Info) -> CI | None:
        """The CI the agent speaks for."""
        row = await info.context.loaders.ci.load(self.host_id) if self.host_id else None
        return None if row is None else make(row)


@question(Role.VIEWER)
async def held(info: Info, first: First = 50, after: After = None) -> Connection[HeldReport]:
    """Reports that would retract more than a fifth and more than ten items of their scope, until another agrees."""
    return page(await blocking(info.context.services.store.held), first, after, _shown, lambda one: one.scope)


def _shown(one: Held) -> HeldReport:
    return HeldReport(
        host_id=one.host, id=strawberry.ID(one.scope), node=one.node, lost=len(one.lost), of=one.of,
        items=list(one.lost[:SHOWN]), since=one.since, released_by=one.released_by,
    )  # fmt: skip


@command(Role.ADMIN, arguments={**REASON, "id": "The held scope."})
async def release_held(info: Info, id: strawberry.ID, reason: str | None = None) -> bool:  # noqa: A002
    """Believe the loss that holds a report, and let it go on."""
    await blocking(info.context.services.applier.release_held, str(id), by(info, reason))
    return True
