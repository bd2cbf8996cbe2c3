"""What people do to CIs: each is one journal entry, decided like a report and with the same rules of precedence."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb.applier import utc_now
from cmdb.errors import Invalid
from cmdb.store import By, Done
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, computed, readable_by, snake, whole
from cmdb_graphql.fields.ways import Start
from cmdb_graphql.types import CI, Class, make

REASON = {"reason": "Why, in one line; it is kept in the journal."}
REV = {"rev": "The revision this was decided on; refused when somebody was faster. Left out: whatever it is now."}
KEPT_REV = {"rev": REV["rev"] + " 0: that there is none by that name."}
"""Of what is kept by a name that people choose."""
EXTRA = {"extra": "Free attributes by name, in snake_case: text, numbers, true or false; null takes one back."}
VALUES = {"attributes": "Values by attribute, in snake_case or camelCase; null takes one's own value back."}


@readable_by(Role.VIEWER)
@strawberry.type(description="What came of a command.")
class CommandResult:
    """A carried-out command."""

    done: strawberry.Private[Done]
    sequence: int = strawberry.field(description="Its journal sequence.")
    summary: str = strawberry.field(description="What it did, in one line.")
    notes: list[str] = strawberry.field(
        description="What to know: values that are kept but not in effect, and why.",
        metadata=whole("one for each value at most"),
    )

    @computed("The CI it was about.")
    async def ci(self, info: Info) -> CI | None:
        """As it is now."""
        row = await info.context.loaders.ci.load(self.done.ci)
        return None if row is None else make(row)


def by(info: Info, reason: str | None) -> By:
    """Who asks, now, and why."""
    text = (reason or "").strip()
    if len(text) > 1000 or not text.isprintable():
        raise Invalid("a reason is one line of at most 1000 characters", where="reason")
    return By(info.context.principal.name, utc_now(), text)


async def do(info: Info, name: str, *args: Any, **kwargs: Any) -> CommandResult:
    """Carry out the command of that name of the store."""
    services = info.context.services
    done = await blocking(getattr(services.commands, name), *args, **kwargs)
    info.context.loaders.forget()
    return CommandResult(done=done, sequence=done.seq, summary=done.summary, notes=list(done.notes))


def _values(given: Any, where: str) -> dict[str, Any]:
    return {snake(name): value for name, value in _object(given, where).items()}


def _object(given: Any, where: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Invalid("expected an object of values by attribute", where=where)
    return given


@command(
    Role.ENGINEER,
    arguments={
        **REASON, **VALUES, **EXTRA, "tags": "Its tags, such as env:prod.",
        "parent": "The id of the CI it is inside of, for what lives inside another.",
        "key": "Its key there, as an agent would report it; its name, if left out.", "name": "What people call it.",
    },
)  # fmt: skip
async def create_ci(
    info: Info, class_: Class, name: str, attributes: JSON | None = None, parent: strawberry.ID | None = None,
    key: str | None = None, tags: list[str] | None = None, extra: JSON | None = None, reason: str | None = None,
) -> CommandResult:  # fmt: skip
    """Write down a CI that no source knows yet. One that is known is refused with its id; a tombstone revives."""
    values = _values(attributes, "attributes")
    inside = None if parent is None else str(parent)
    beside = {"tags": tags or (), "extra": _object(extra, "extra")}
    return await do(info, "create_ci", class_, name, values, by(info, reason), parent=inside, key=key, **beside)


@command(Role.ENGINEER, arguments={**REASON, **REV, **VALUES, **EXTRA, "name": "A new name."})
async def update_ci(
    info: Info, id: strawberry.ID, rev: int | None = None, attributes: JSON | None = None,  # noqa: A002
    name: str | None = None, extra: JSON | None = None, reason: str | None = None,
) -> CommandResult:  # fmt: skip
    """Write values onto a CI. What a better source says stays in effect; the notes say so."""
    values = _values(attributes, "attributes") | ({} if name is None else {"name": name})
    return await do(info, "update_ci", str(id), rev, values, by(info, reason), extra=_object(extra, "extra"))


@command(Role.ENGINEER, arguments={**REASON, **REV})
async def retire_ci(info: Info, id: strawberry.ID, rev: int | None = None, reason: str | None = None) -> CommandResult:  # noqa: A002
    """Retire a CI with all that is inside it. If an agent still sees it, its next report revives it."""
    return await do(info, "retire_ci", str(id), rev, by(info, reason))


@command(Role.ENGINEER, arguments={**REASON, "type": "The relation's name.", "to": "The id of the dependency."})
async def link_cis(
    info: Info, type: str, from_: Start, to: strawberry.ID, reason: str | None = None  # noqa: A002
) -> CommandResult:  # fmt: skip
    """Say that one CI depends on another; reports leave the link alone; seen by an agent too, it is one edge."""
    return await do(info, "link_cis", type, str(from_), str(to), by(info, reason))


@command(Role.ENGINEER, arguments={**REASON, "type": "The relation's name.", "to": "The id of the dependency."})
async def unlink_cis(
    info: Info, type: str, from_: Start, to: strawberry.ID, reason: str | None = None  # noqa: A002
) -> CommandResult:  # fmt: skip
    """Take a hand-made link back, or refuse what a server alone says of a client; what an agent sees itself goes on."""
    return await do(info, "unlink_cis", type, str(from_), str(to), by(info, reason))


@command(
    Role.ENGINEER,
    arguments={
        **REASON, **REV, "attribute": "Its name, in snake_case or camelCase.",
        "value": "The value; null: there is none.", "until": "When it ends, ISO 8601 with a time zone.",
    },
)  # fmt: skip
async def override_attribute(
    info: Info, id: strawberry.ID, attribute: str, until: str, value: JSON | None = None,  # noqa: A002
    rev: int | None = None, reason: str | None = None,
) -> CommandResult:  # fmt: skip
    """Let one value win over every source until a moment; then the best other value is back."""
    return await do(info, "override_attribute", str(id), snake(attribute), value, until, by(info, reason), rev=rev)


@command(
    Role.ADMIN,
    arguments={
        **REASON,
        "winner": "The id of the CI that stays.",
        "loser": "The id of the CI that becomes one with it.",
        "winnerRev": "The winner's revision this was decided on; refused when somebody was faster.",
        "loserRev": "The loser's revision this was decided on; refused when somebody was faster.",
    },
)
async def merge_cis(
    info: Info, winner: strawberry.ID, loser: strawberry.ID, reason: str, winner_rev: int | None = None,
    loser_rev: int | None = None,
) -> CommandResult:  # fmt: skip
    """Say that two CIs are one thing. Claims, edges and what is inside move to the winner; a split undoes it."""
    revs = {"winner_rev": winner_rev, "loser_rev": loser_rev}
    return await do(info, "merge_cis", str(winner), str(loser), by(info, reason), **revs)


@command(
    Role.ADMIN,
    arguments={
        "rev": "The revision, of the CI it is in, that this was decided on; refused when somebody was faster.",
        **REASON,
        "id": "The id of the CI that was merged away.",
    },
)
async def split_ci(
    info: Info, id: strawberry.ID, rev: int | None = None, reason: str | None = None  # noqa: A002
) -> CommandResult:  # fmt: skip
    """Undo a merge: each claim goes back with its edges, as it is said now."""
    return await do(info, "split_ci", str(id), by(info, reason), rev=rev)
