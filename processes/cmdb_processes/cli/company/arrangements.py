"""What the example has arranged: business hours, teams and what they support, nights for work, and a freeze."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from cmdb_processes.cli.company.desk import Desk
from cmdb_processes.cli.company.inventory import APPS, DATABASES, PEOPLE, PLACES, SOLD, TEAMS
from cmdb_processes.cli.company.people import ACCOUNTS

ZONE = "Europe/Vienna"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALWAYS = "24x7"
_CALENDAR = """
mutation Calendar($name: String!, $zone: String!, $weekly: [String!]!) {
  declareCalendar(name: $name, zone: $zone, weekly: $weekly) { number }
}
"""
_TEAM = """
mutation Team($name: String!, $members: [String!]!, $calendar: String, $classes: [String!], $cis: [ID!]) {
  declareSupportGroup(name: $name, members: $members, calendar: $calendar, classes: $classes, cis: $cis) { number }
}
"""
_WINDOW = """
mutation Window($name: String!, $start: String!, $cis: [ID!]!) {
  declareMaintenanceWindow(name: $name, zone: "UTC", start: $start, end: "PT4H", rule: "FREQ=DAILY", cis: $cis) {
    number
  }
}
"""
_FREEZE = """
mutation Freeze($name: String!, $zone: String!, $start: String!, $end: String!, $why: String!, $cis: [ID!]!) {
  declareFreeze(name: $name, zone: $zone, start: $start, end: $end, why: $why, cis: $cis) { number }
}
"""
_CLASSES = {
    "network": ("NetworkDevice", "Firewall", "LoadBalancer", "Link"),
    "platform": ("Hypervisor", "VirtualMachine", "Server", "StorageArray", "PowerFeed"),
    "data": ("Database", "DatabaseInstance", "Lun"),
}
"""What a team supports whatever it is called; applications and services have an owner each."""


def write(desk: Desk, today: date) -> None:
    """All of it, by the change manager."""
    for hours in sorted({sold.hours for sold in SOLD} - {_ALWAYS}):
        desk.ask("gita", _CALENDAR, name=hours, zone=ZONE, weekly=list(_weekly(hours)))
    for code, name in TEAMS.items():
        _team(desk, code, name)
    nightly = [*_luns(), *(f"pg-{name}-{n}" for name in DATABASES for n in (1, 2))]
    # From the day after tomorrow on: in a window of theirs the databases' outages are expected, and the walk has one.
    start = datetime.combine(today + timedelta(days=2), time(1)).isoformat(timespec="minutes")
    desk.ask("gita", _WINDOW, name="Nights of the databases", start=start, cis=[desk.ids[one] for one in nightly])
    _freeze(desk, today)


def _team(desk: Desk, code: str, name: str) -> None:
    owned = [f"app {app.name}" for app in APPS if app.owner == code] + [s.name for s in SOLD if s.owner == code]
    people = [whole.split()[0].lower() for whole, team in PEOPLE if team == code]
    desk.ask(
        "gita", _TEAM, name=name, members=[one for one in people if one in ACCOUNTS],
        calendar="Mon-Fri 07:00-18:00" if code == "office" else None, classes=list(_CLASSES.get(code, ())),
        cis=[desk.ids[one] for one in owned],
    )  # fmt: skip


def _freeze(desk: Desk, today: date) -> None:
    """The books are closed in three weeks: nothing moves under them."""
    start, end = (today + timedelta(days=days) for days in (21, 28))
    why = "The auditors close the books."
    desk.ask(
        "gita", _FREEZE, name="Closing of the books", zone=ZONE, start=f"{start}T00:00", end=f"{end}T00:00", why=why,
        cis=[desk.ids[one] for one in ("app ledger", "app payroll", "db ledger", "db payroll")],
    )  # fmt: skip


def _luns() -> Iterator[str]:
    """Those that databases are stored on."""
    return (f"{place.code}-lun-{number}" for place in PLACES for number in (3, 4))


def _weekly(hours: str) -> Iterator[str]:
    """A service's hours as a calendar takes them: "Mon-Fri 07:00-18:00"."""
    days, span = hours.split()
    first, last = (_DAYS.index(day.lower()) for day in days.split("-"))
    return (f"{day} {span}" for day in _DAYS[first : last + 1])
