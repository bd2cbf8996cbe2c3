"""Tags, lifecycles and days to end: what people say of any CI."""

from __future__ import annotations

import strawberry

from cmdb.store import Done
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, computed, question, readable_by, whole
from cmdb_graphql.fields.commands import REASON, REV, CommandResult, by, do
from cmdb_graphql.moment import AsOf, OfThen
from cmdb_graphql.proposed import Proposed, asked
from cmdb_graphql.types import CI, After, First, PageInfo, make, named, page_size

TAGGING = {
    **REASON,
    "ids": "The ids of the CIs, 1 to 100.",
    "tags": "Lower-case words and digits joined by `:`, `-` or `.`, each of at most 64 characters; 1 to 50 of them.",
}


@readable_by(Role.VIEWER)
@strawberry.type(description="What came of a command about several CIs.")
class ManyResult:
    """A carried-out command."""

    ids: strawberry.Private[list[str]]
    sequence: int = strawberry.field(description="Its journal sequence.")
    summary: str = strawberry.field(description="What it did, in one line.")
    notes: list[str] = strawberry.field(
        description="What to know: what stayed as it was, and why.", metadata=whole("a command names at most 100 CIs")
    )

    @computed("The CIs it was about.", complete="a command names at most 100 CIs")
    async def cis(self, info: Info) -> list[CI]:
        """As they are now."""
        rows = await info.context.loaders.ci.load_many(self.ids)
        return [make(row) for row in rows if row is not None]


@readable_by(Role.READER)
@strawberry.type(description="A tag and how many live CIs carry it.")
class TagCount:
    """One tag."""

    tag: str = strawberry.field(description="The tag.")
    count: int = strawberry.field(description="How many live CIs carry it.")


@readable_by(Role.READER)
@strawberry.type(description="A page of tags.")
class TagConnection(OfThen):
    """Tags in order."""

    nodes: list[TagCount] = strawberry.field(description="The tags of this page, in order.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@question(Role.READER, arguments={"prefix": "Only tags that start with this."})
async def tags(
    info: Info, prefix: str = "", first: First = 100, after: After = None, as_of: AsOf = None, proposed: Proposed = None
) -> TagConnection:
    """The tags in use, each with the number of live CIs that carry it."""
    size, state = page_size(first), await asked(info, as_of, proposed)
    found = await blocking(state.store.tag_counts, prefix, size, after, state.at)
    shown = [TagCount(tag=tag, count=count) for tag, count in found[:size]]
    end = PageInfo(has_next_page=len(found) > size, end_cursor=shown[-1].tag if shown else None)
    return TagConnection(nodes=shown, page_info=end, at=state.at)


@command(Role.ENGINEER, arguments=TAGGING)
async def tag_cis(info: Info, ids: list[strawberry.ID], tags: list[str], reason: str | None = None) -> ManyResult:
    """Put tags on CIs, all or none of them; one that has a tag already keeps it."""
    return await _many(info, "tag_cis", ids, tags, reason)


@command(Role.ENGINEER, arguments=TAGGING)
async def untag_cis(info: Info, ids: list[strawberry.ID], tags: list[str], reason: str | None = None) -> ManyResult:
    """Take tags back that people put on CIs; what an import says stays, and the notes say so."""
    return await _many(info, "untag_cis", ids, tags, reason)


async def _many(info: Info, name: str, ids: list[strawberry.ID], tags: list[str], reason: str | None) -> ManyResult:
    given = named(ids, "ids")
    services, who = info.context.services, by(info, reason)
    done: Done = await blocking(getattr(services.commands, name), given, tags, who)
    info.context.loaders.forget()
    return ManyResult(ids=given, sequence=done.seq, summary=done.summary, notes=list(done.notes))


@command(
    Role.ENGINEER, arguments={**REASON, **REV, "at": "When, ISO 8601 with a time zone; left out: it does not end."}
)
async def set_expiry(
    info: Info, id: strawberry.ID, at: str | None = None, rev: int | None = None, reason: str | None = None  # noqa: A002
) -> CommandResult:  # fmt: skip
    """Let a CI be retired by itself at a moment, with what is inside it. What still reports it revives it, for good."""
    return await do(info, "set_expiry", str(id), rev, at, by(info, reason))


@command(Role.ENGINEER, arguments={**REASON, **REV, "state": "One of its class's lifecycle, such as in_repair."})
async def set_lifecycle(
    info: Info, id: strawberry.ID, state: str, rev: int | None = None, reason: str | None = None  # noqa: A002
) -> CommandResult:  # fmt: skip
    """Move a CI to a state of its class's lifecycle; `retired` and what lies behind it retire it."""
    return await do(info, "set_lifecycle", str(id), rev, state, by(info, reason))
