"""A moment as people and programs name it: a journal sequence, or a time with its zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, NewType

import strawberry

from cmdb.errors import Invalid
from cmdb.history import lacks
from cmdb.moments import iso_utc
from cmdb_graphql.context import Info, blocking, computed

LONGEST = 40


def _parse(value: Any) -> int | str:
    """17, "17" or "2030-01-10T22:00+01:00"; the sentence of what is wrong is the caller's answer."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Invalid("a moment is a journal sequence or an ISO 8601 time with its zone")
    if isinstance(value, int) or (value.isascii() and value.isdigit() and len(value) < 16):
        return int(value)
    shown = repr(value[:LONGEST])
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Invalid(f"{shown} is no journal sequence and no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise Invalid(f"{shown} names no time zone: add Z or an offset such as +01:00")
    try:
        return iso_utc(value)
    except ValueError:
        raise Invalid(f"{shown} lies outside the years 1 to 9999 in UTC") from None


Moment = NewType("Moment", object)
DEFINITION = strawberry.scalar(
    name="Moment",
    description="A journal sequence such as 17, or an ISO 8601 time with its zone such as 2030-01-10T22:00+01:00.",
    serialize=str,
    parse_value=_parse,
)
AsOf = Annotated[
    Moment | None,
    strawberry.argument(name="asOf", description="The moment to answer for; now, if left out."),
]


async def pinned(info: Info, moment: Any) -> int | None:
    """The sequence of a moment; None for now. One round trip for each moment of a request, none for now."""
    return None if moment is None else (await spanned(info, moment))[0]


async def spanned(info: Info, *moments: Any) -> list[int]:
    """The sequences of several moments, None being now. One round trip for those that are not known yet."""
    for moment in moments:
        if isinstance(moment, str) and datetime.fromisoformat(moment) > datetime.now(UTC):
            raise Invalid(f"{moment} is in the future; a proposed state is no moment", where="asOf")
    known = info.context.loaders.moments
    if new := [moment for moment in moments if moment not in known]:
        known.update(zip(new, await blocking(info.context.services.store.pins, new), strict=True))
    return [known[moment] for moment in moments]


async def between(info: Info, begin: Any, end: Any) -> list[int]:
    """The sequences of the two ends of a span; what is wrong with one is said of it. Round trips: as `spanned`."""
    try:
        return await spanned(info, begin, end)
    except Invalid:
        for where, moment in (("from", begin), ("to", end)):
            try:
                await spanned(info, moment)
            except Invalid as error:
                raise Invalid(error.message, where=where) from error
        raise


async def forgotten(info: Info, at: int | None) -> str | None:
    """What an answer about a sequence lacks, in a sentence; None when nothing of then was purged."""
    return None if at is None else lacks(at, await purged_to(info))


async def purged_to(info: Info) -> int:
    """The sequence before which something may be kept no longer. One round trip a request, however often asked."""
    loaders = info.context.loaders
    if loaders.purged_to is None:
        loaders.purged_to = await blocking(info.context.services.store.purged_to)
    return loaders.purged_to


@strawberry.type(description="A list that may be one of then.")
class OfThen:
    """Why it is not whole: it was cut (`cut` says why), or something of then (`at`) is kept no longer."""

    at: strawberry.Private[int | None] = None
    cut: strawberry.Private[str | None] = None

    @computed("Why something may be missing here, if so; of then: the history of long retired CIs is kept no longer.")
    async def truncated(self, info: Info) -> str | None:
        """Looked for when asked."""
        return self.cut or await forgotten(info, self.at)
