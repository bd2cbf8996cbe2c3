"""What is kept no longer."""

from __future__ import annotations

import strawberry

from cmdb.applier import utc_now
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question, readable_by


@readable_by(Role.ADMIN)
@strawberry.type(description="What of a class's retired CIs is older than its retention.")
class Due:
    """A class's part."""

    class_: str = strawberry.field(name="class", description="The name of the class.")
    versions: int = strawberry.field(description="Earlier states of its CIs.")
    edges: int = strawberry.field(description="Closed edges of its CIs.")


@question(Role.ADMIN, complete="one for each class")
async def purgeable(info: Info) -> list[Due]:
    """What the next purge will delete, by class: the history of CIs that were retired longer ago than it is kept."""
    found = await blocking(info.context.services.store.due, utc_now())
    return [Due(class_=one.cls, versions=one.versions, edges=one.edges) for one in found]
