"""Major incidents: when one may be, when people must hear of it, and when it must be looked back at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.errors import DeclarationError, Invalid, Refused
from cmdb_processes.incident.lifecycle import MAJOR
from cmdb_processes.priority import Reached
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.spans import text

STATES = {"propose": "candidate", "accept": "accepted", "reject": "rejected", "demote": "demoted"}


@dataclass(frozen=True, slots=True)
class Policy:
    """What makes an incident a candidate, how often each audience hears of it, and when the review is due.

    `cadence` is in seconds of the clock, day and night, by audience; `review_days` are working days after the end.
    """

    rank: int = 1
    criticalities: tuple[str, ...] = ("critical",)
    children: int = 10
    users: int = 500
    cadence: tuple[tuple[str, int], ...] = (("management", 3600), ("users", 7200), ("technicians", 1800))
    review_days: int = 5

    def __post_init__(self) -> None:
        if any(seconds < 60 for _, seconds in self.cadence):
            raise DeclarationError("a cadence is a minute or longer")
        if self.review_days < 1 or self.children < 1 or self.users < 1:
            raise DeclarationError("a major incident policy counts from one: review days, children, users")


def reasons(policy: Policy, rank: int, reached: Iterable[Reached], children: int, users: int) -> tuple[str, ...]:
    """Why an incident should be looked at as a major one; none: it should not."""
    down = sorted(r.name for r in reached if r.degree == "down" and r.criticality in policy.criticalities)
    found = []
    if rank <= policy.rank and down:
        found.append(f"priority {rank} and {', '.join(down[:3])}{' and more' if len(down) > 3 else ''} down")
    if children >= policy.children:
        found.append(f"{children} reports of the same")
    if users >= policy.users:
        found.append(f"{users:,} users affected")
    return tuple(found)


def step(number: str, flag: str | None, stimulus: str, why: str) -> str:
    """The flag after a step; Refused names the legal ones. Saying no, or no longer, needs a reason."""
    if stimulus not in STATES:
        raise Invalid(f"{stimulus!r} is none of {', '.join(STATES)}", where="stimulus")
    if flag is None and stimulus != "propose":
        raise Refused(f"{number} is no candidate for a major incident: propose it first")
    if flag is not None:
        MAJOR.check(f"the major incident {number}", flag, stimulus)
    if len(why.strip()) < 3:
        raise Invalid(f"is missing: say why you {stimulus} it", where="reason")
    return STATES[stimulus]


@dataclass(frozen=True, slots=True)
class Update:
    """The next word due to an audience."""

    audience: str
    at: int
    overdue: bool

    def __str__(self) -> str:
        return f"{self.audience}: {'was due' if self.overdue else 'due'} {text(self.at)}"


def updates(policy: Policy, accepted_at: int, told: Mapping[str, int], now: int) -> tuple[Update, ...]:
    """When each audience must hear next, soonest first; `told` has the moment of the last word to each.

    The first word is due at once when it is accepted; words from before that do not count.
    """
    found = []
    for audience, seconds in policy.cadence:
        last = told.get(audience)
        at = accepted_at if last is None or last < accepted_at else last + seconds
        found.append(Update(audience, at, at < now))
    return tuple(sorted(found, key=lambda one: (one.at, one.audience)))


def review_due(policy: Policy, calendar: Calendar, resolved_at: int) -> int:
    """When the review must have been held: the close of the nth working day after the end."""
    return calendar.after_working_days(resolved_at, policy.review_days)


def missing_to_close(flag: str | None, reviewed: bool, problems: Sequence[str]) -> tuple[str, ...]:
    """What a major incident still needs before it is closed: a review, and what caused it or looks for the cause."""
    if flag == "candidate":
        return ("whether it is a major incident is not decided",)
    if flag != "accepted":
        return ()
    found = [] if reviewed else ["its review was not held"]
    return tuple(found if problems else [*found, "nothing says what caused it: link that by CAUSED_BY or FOLLOWS"])
