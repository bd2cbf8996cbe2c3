"""What is left of the downtime that services are allowed: its type, and the way there from what history says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import strawberry

from cmdb.availability import Budget, Requirement, Span, budget
from cmdb.errors import Invalid
from cmdb.moments import after, iso_utc
from cmdb.store import Downtime, Row
from cmdb.words import Role
from cmdb_graphql.availability_answer import TARGET
from cmdb_graphql.context import readable_by
from cmdb_graphql.moment import Moment
from cmdb_graphql.types import CI, make

LONGEST = 366 * 1440.0
"""Minutes a window may last."""
Minutes = Annotated[
    float | None,
    strawberry.argument(description="How long it lasts, in minutes: what that would use is told as well."),
]
Begin = Annotated[
    Moment | None,
    strawberry.argument(description="When that begins, as a time; at the moment of the answer, if left out."),
]


@readable_by(Role.READER)
@strawberry.type(description="What is left of the downtime that a service is allowed in a calendar year (UTC).")
class ServiceBudget:
    """A budget."""

    ci: CI = strawberry.field(description="The service.")
    percent: float = strawberry.field(description="What is required of it: up this share of time, in percent.")
    begin: str = strawberry.field(description="When the year begins, ISO 8601 UTC: of two in a window the worse one.")
    allowed_minutes: float = strawberry.field(description="So long it may be down in that year.")
    used_minutes: float | None = strawberry.field(
        description="So long it was, by what is recorded of it and of all that it needed then; null: it was never said"
        " to be down, nor was any of these."
    )
    used_at_least: bool = strawberry.field(
        description="Whether more was recorded than could be looked at: then it was down for so long at least."
    )
    left_minutes: float | None = strawberry.field(
        description="So much is left; below 0 it is overdrawn, null where nothing is known."
    )
    window_minutes: float | None = strawberry.field(
        description="So much the window asked about would use, 0 if it is not down in it; null if none is asked about."
    )
    share: float = strawberry.field(
        description="The percent of the allowed that is used up behind the window, 1000 at most; what is not known"
        " counts as none."
    )
    sentence: str = strawberry.field(description="All of that in words.")


@dataclass(frozen=True, slots=True)
class Struck:
    """A service that is hit, as the graph has it; `down`: it goes down and is not only degraded."""

    row: Row
    down: bool


def promised(struck: Sequence[Struck]) -> list[Struck]:
    """Those of which something, and something sensible, is required."""
    return [one for one in struck if (said := one.row.get(TARGET)) is not None and 0 < said <= 100]


def window(begin: object, minutes: float | None, now: str) -> Span | None:
    """The window asked about, None if none is. Invalid where it cannot be one."""
    if minutes is None:
        if begin is not None:
            raise Invalid("says when it begins and not how long it lasts: add minutes", where="begin")
        return None
    if not 0 < minutes <= LONGEST:
        raise Invalid(f"is above 0 and at most {LONGEST:,.0f}, not {minutes:g}", where="minutes")
    if isinstance(begin, int):
        raise Invalid("is a time with its zone, for the journal does not know what is to come", where="begin")
    start = now if begin is None else str(begin)
    if not "1970" <= start[:4] < "9000":
        raise Invalid(f"is in the year {start[:4]}", where="begin")
    return Span(start, after(start, minutes / 60))


def budgets(struck: Sequence[Struck], known: Downtime, asked: Span | None) -> list[ServiceBudget]:
    """One for each, that with the most used up first."""
    found = [(one, _budget(one, known, asked)) for one in struck]
    found.sort(key=lambda pair: (-pair[1].share, str(pair[0].row["name"]), str(pair[0].row["id"])))
    return [_told(one.row, left) for one, left in found]


def _budget(one: Struck, known: Downtime, asked: Span | None) -> Budget:
    spans = known.spans.get(str(one.row["id"]))
    outages = None if spans is None else [Span(iso_utc(begun), iso_utc(ended)) for begun, ended in spans]
    required = Requirement(float(one.row[TARGET]))
    return budget(required, outages, iso_utc(known.until), asked, down=one.down, short=known.short)


def _told(row: Row, left: Budget) -> ServiceBudget:
    return ServiceBudget(
        ci=make(row), percent=left.required.percent, begin=left.period.start,
        allowed_minutes=left.allowed, used_minutes=left.used, used_at_least=left.short, left_minutes=left.left,
        window_minutes=left.adds, share=left.share, sentence=left.sentence(str(row["name"])),
    )  # fmt: skip
