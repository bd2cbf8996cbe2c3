"""The example's incidents: what broke in its ninety days, one promise that is broken, and what is open today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cmdb.moments import iso
from cmdb_processes.cli.company.dates import days_before
from cmdb_processes.cli.company.desk import Desk, Step
from cmdb_processes.cli.company.inventory import PEOPLE, TEAMS
from cmdb_processes.cli.company.outages import BROKEN, Outage

_OPEN = """
mutation Report($title: String!, $cis: [ID!]!, $condition: String!, $urgency: String!) {
  openIncident(title: $title, cis: $cis, condition: $condition, urgency: $urgency) { number }
}
"""
_RANKED = {
    "priority": 4, "rank": 4, "computed_priority": 4,
    "impact": "low", "impact_because": "no service is down or degraded",
    "urgency": "medium", "urgency_because": "as it was said", "urgency_said": "medium",
}  # fmt: skip
"""What failed alone in its ninety days, redundancy has borne."""


@dataclass(frozen=True, slots=True)
class Open:
    """What somebody reported today: its owner works on it, or waits for a change."""

    by: str
    title: str
    ci: str
    urgency: str
    owner: str
    change: str | None = None


LATE = Open("hugo", "grz-lb-2 resets itself whenever its tables are full", "grz-lb-2", "medium", "ben")
LATE_DAYS = 4.4
"""Longer ago than anything may take: its promise is broken whenever one looks."""
TODAY = (
    Open("gita", "Listing orders has become slow", "app orders", "medium", "cleo", "CHG-9"),
    Open("kim", "Nothing is found in reports", "app reporting", "low", "ada", "CHG-10"),
)


def write(desk: Desk, today: date) -> None:
    """All of them, oldest first, so that their numbers tell their age."""
    for outage in BROKEN:
        _past(desk, outage, today)
    _late(desk, today)
    for one in TODAY:
        _today(desk, one)


def _past(desk: Desk, outage: Outage, today: date) -> None:
    start, end = days_before(today, outage.days), days_before(today, outage.over)
    soon = start + timedelta(minutes=10)
    steps = [
        Step(iso(start), "discovery", "new", f"{outage.ci} is {outage.condition}", "open_incident"),
        Step(iso(soon), outage.owner, "in progress", f"begun by {outage.owner}", "begin_incident"),
    ]
    if outage.waits:
        told = iso(soon + timedelta(minutes=10))
        steps.append(Step(told, outage.owner, "waiting", "the carrier is told", "hold_incident", "supplier"))
    steps += [
        Step(iso(end), outage.owner, "resolved", f"{outage.code}: {outage.did}", "resolve_incident", "confirmation"),
        Step(iso(end + timedelta(hours=12)), outage.owner, "closed", "confirmed", "confirm_incident"),
    ]
    fields: dict[str, Any] = {
        **_RANKED, "title": f"{outage.ci} is {outage.condition}: {outage.why}", "condition": outage.condition,
        "source": "monitor", "resolution_code": outage.code, "resolution": outage.did, "cause": outage.cause,
        "closed_how": "confirmed", "group": _team(outage.owner),
    }  # fmt: skip
    number = desk.take_over("Incident", "incident", steps, fields, outage.ci, outage.owner)
    if outage.link is not None:
        kind, to = outage.link.split()
        desk.do(outage.owner, "linkIncident", number, type=kind, to=to)


def _late(desk: Desk, today: date) -> None:
    """One that is in work for days."""
    start = days_before(today, LATE_DAYS)
    steps = [
        Step(iso(start), LATE.by, "new", f"opened by {LATE.by}", "open_incident"),
        Step(iso(start + timedelta(hours=2)), LATE.owner, "in progress", f"begun by {LATE.owner}", "begin_incident"),
    ]
    fields = {**_RANKED, "title": LATE.title, "condition": "degraded", "group": _team(LATE.owner)}
    number = desk.take_over("Incident", "incident", steps, fields, LATE.ci, LATE.owner)
    desk.do(LATE.owner, "linkIncident", number, type="RELATES_TO", to="INC-8")


def _today(desk: Desk, one: Open) -> None:
    given = {"title": one.title, "cis": [desk.ids[one.ci]], "condition": "degraded", "urgency": one.urgency}
    number = desk.ask(one.by, _OPEN, **given)["openIncident"]["number"]
    desk.do(one.owner, "beginIncident", number, owner=one.owner)
    if one.change is not None:
        desk.do(one.owner, "linkIncident", number, type="RELATES_TO", to=one.change)
        desk.do(one.owner, "holdIncident", number, waiting="change", reason=f"{one.change} is to mend it")


def _team(account: str) -> str:
    """The team of somebody with an account."""
    return next(TEAMS[code] for name, code in PEOPLE if name.split()[0].lower() == account)
