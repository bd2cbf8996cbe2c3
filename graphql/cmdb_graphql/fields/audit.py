"""The audit: whether the journal is what was written, page by page."""

from __future__ import annotations

import strawberry

from cmdb import audit as audits
from cmdb.chain import Link
from cmdb.checkpoints import Checkpoints
from cmdb.errors import Invalid, TooLarge
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question, readable_by


@readable_by(Role.ADMIN)
@strawberry.type(description="The first journal entry that is not what was written.")
class BrokenEntry:
    """What an audit found."""

    seq: int = strawberry.field(description="Its journal sequence.")
    reason: str = strawberry.field(description="What is wrong with it, in one sentence.")


@readable_by(Role.ADMIN)
@strawberry.type(description="A page of an audit of the journal.")
class AuditPage:
    """How far it is."""

    seq: int = strawberry.field(description="The last good entry: give this as `after` for the next page.")
    hash: str = strawberry.field(description="Its hash: give this as `hash` for the next page.")
    head: int = strawberry.field(description="The sequence the journal counts to.")
    done: bool = strawberry.field(description="Whether nothing is left to look at, or something is broken.")
    broken: BrokenEntry | None = strawberry.field(description="The first entry that is broken; null while all is well.")
    checkpoints: int = strawberry.field(description="Signed checkpoints kept outside the database.")
    certain: int = strawberry.field(description="The sequence of the last checkpoint: up to it they prove the journal.")
    public_key: str = strawberry.field(description="The Ed25519 key that verifies the checkpoints, in hexadecimal.")


@question(
    Role.ADMIN,
    arguments={
        "after": "Go on behind this journal sequence: the `seq` of the page before.",
        "hash": "The `hash` of the page before; with `after` it is needed.",
        "first": "At most this many entries, 1 to 250.",
    },
)
async def audit(info: Info, after: int = 0, hash: str = "", first: int = audits.ENTRIES) -> AuditPage:  # noqa: A002  # the argument's public name
    """Walk the journal's chain of hashes and compare it with the signed checkpoints; page by page until `done`."""
    if not 1 <= first <= audits.ENTRIES:
        raise TooLarge(f"a page has 1 to {audits.ENTRIES} entries, not {first}", where="first")
    if after < 0 or bool(after) != bool(hash):
        raise Invalid("`after` and `hash` are the `seq` and `hash` of the page before, both or neither", where="after")
    services = info.context.services
    kept = Checkpoints(services.settings.home)
    found = await blocking(audits.page, services.store, kept, Link(after, hash), first)
    broken = None if found.broken is None else BrokenEntry(seq=found.broken.seq, reason=found.broken.reason)
    return AuditPage(
        seq=found.link.seq, hash=found.link.hash, head=found.head.seq, done=found.done, broken=broken,
        checkpoints=found.checkpoints, certain=found.certain, public_key=kept.public_key(),
    )  # fmt: skip
