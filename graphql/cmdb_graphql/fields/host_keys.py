"""Hosts that collectors met with another key than the pinned one: what an incident is opened for."""

from __future__ import annotations

import strawberry

from cmdb.host_keys import Alarm
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, computed, question, readable_by
from cmdb_graphql.fields.discovery import kept
from cmdb_graphql.pages import Connection
from cmdb_graphql.pages import held as page
from cmdb_graphql.types import CI, After, First, make


@readable_by(Role.VIEWER)
@strawberry.type(description="A host that has shown another key than the pinned one.")
class DiscoveryHostKey:
    """An alarm, and what became of it."""

    host_id: strawberry.Private[str | None]
    collector: str = strawberry.field(description="The collector's id.")
    place: str = strawberry.field(description="Address and port of the host.")
    pinned: str = strawberry.field(description="The fingerprint of the key that was pinned.")
    shown: str = strawberry.field(description="The fingerprint of the other key, which it showed.")
    standing: str = strawberry.field(
        description="changed: it shows the other key; pinned: a person has pinned another; back: it shows the first."
    )
    since: str = strawberry.field(description="When this server heard of that first, ISO 8601 UTC.")

    @computed("The host that looks at that place speak for, else the one that has the address; null if none is known.")
    async def host(self, info: Info) -> CI | None:
        """The CI."""
        row = await info.context.loaders.ci.load(self.host_id) if self.host_id else None
        return None if row is None else make(row)


@question(Role.VIEWER)
async def discovery_host_keys(info: Info, first: First = 50, after: After = None) -> Connection[DiscoveryHostKey]:
    """Hosts that have shown another key than the pinned one, the newest word first: nothing was sent to them."""
    rows = await blocking(kept(info).alarms)
    store = info.context.services.store
    looked = await blocking(store.spoken_for, [one.node for one in rows if one.node]) if rows else {}
    rest = sorted({one.address for one in rows if one.node not in looked})
    owners = await blocking(store.speakers, rest) if rest else {}

    def shown(one: Alarm) -> DiscoveryHostKey:
        host = looked.get(one.node) or owners.get(one.address, (None, []))[0]
        return DiscoveryHostKey(
            host_id=host, collector=one.collector, place=one.place, pinned=one.pinned, shown=one.shown,
            standing=one.standing, since=one.since,
        )  # fmt: skip

    return page(rows, first, after, shown, lambda one: f"{one.collector}/{one.place}")
