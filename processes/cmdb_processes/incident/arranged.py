"""What the two processes arrange by: the strategy, calendars, support groups, stand-ins and maintenance.

The one door to them. What is stored by `arrangements` holds; where nothing is stored, the defaults here do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cmdb.words.process import Ask
from cmdb_processes import approvals
from cmdb_processes.arrangements.reading import book
from cmdb_processes.arrangements.strategy.nouns import Strategy
from cmdb_processes.incident.targets import DEFAULT, Promises
from cmdb_processes.timing.hours import ALWAYS, Calendar, workdays

OFFICE = Calendar("office", "UTC", workdays("08:00-17:00"))
DEFAULTS = {ALWAYS.name: ALWAYS, OFFICE.name: OFFICE}
"""What is there when nobody stored one of that name: 24x7, and office, Monday to Friday 08:00 to 17:00 UTC."""
DESK = "service desk"
"""The group of what nobody supports."""
STRATEGY = "incident"
"""The process whose strategy holds for incidents, requests and events."""


@dataclass(frozen=True)
class Arranged:
    """What is arranged for some CIs at a moment; `support` has the name of a group by the id of a CI."""

    calendars: Mapping[str, Calendar]
    support: Mapping[str, str]
    groups: approvals.Groups
    delegations: tuple[approvals.Delegation, ...] = ()
    strategy: Strategy | None = None

    @property
    def promises(self) -> Promises:
        """Seconds to respond, to resolve and between updates by rank: the strategy's, over the defaults."""
        return {**DEFAULT, **(self.strategy.promises if self.strategy else {})}

    def calendar(self, name: str | None) -> Calendar:
        """The calendar of that name; of one nobody knows, day and night."""
        return self.calendars.get(name or "", ALWAYS)

    @property
    def office(self) -> Calendar:
        """What working days are counted by."""
        return self.calendars["office"]


def arranged(ask: Ask, cis: Collection[str] = (), roles: Iterable[str] = (), now: int = 0) -> Arranged:
    """What is stored about these CIs and these seats of an approval, over the defaults.

    All lists together are one round trip. Teams are asked for where CIs or seats are, stand-ins where seats are.
    """
    seats = tuple(roles)
    groups = ("supportGroups",) if cis or seats else ()
    found = book(ask, cis, ("calendars", "strategies", *groups, *(("delegations",) if seats else ())))
    support = {ci: teams[0].name for ci in cis if (teams := found.groups_for(ci))}
    delegations = tuple(one for role in seats for one in found.delegates(role, now))
    return Arranged({**DEFAULTS, **found.calendars}, support, found.groups, delegations, found.strategy(STRATEGY))


def expected(ask: Ask, ci: str | None, at: int) -> str:
    """Which maintenance explains what happens to a CI at a moment; "" if none does."""
    if ci is None:
        return ""
    window = book(ask, [ci], ("maintenanceWindows",)).expected(ci, at)
    return "" if window is None else f"maintenance {window.number} ({window.window.name})"
