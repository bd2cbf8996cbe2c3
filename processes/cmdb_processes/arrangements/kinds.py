"""The kinds of arrangements that are declared, changed and ended: what each may say, and what it is checked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cmdb.errors import Forbidden, Invalid, UnknownName
from cmdb.words import Principal, Role
from cmdb.words.process import Ask
from cmdb_processes.arrangements import checks, delegating, reading
from cmdb_processes.arrangements.life import Draft
from cmdb_processes.arrangements.nouns import SEAT_OF_TEAM
from cmdb_processes.timing import declared
from cmdb_processes.timing.spans import moment
from cmdb_processes.timing.windows import Kind
from cmdb_processes.timing.zones import local

YEARS = 5
"""For how many years, this one included, holiday rules are written out unless the years are named."""


def calendar(ask: Ask, draft: Draft, _who: Principal, now: str) -> Draft:
    """Business hours, with every holiday written out: what is promised reads the same when a rule changes."""
    name = checks.line(draft, "name", needed=True)
    zone = checks.line(draft, "zone", needed=True)
    workdays, weekly = draft.text("workdays"), draft.names("weekly")
    data: dict[str, Any] = {
        "name": name, "zone": zone, "holidays": _holidays(draft, zone, now),
        "exceptions": [dict(row) for row in draft.parts.get("exceptions", ())],
        **({"workdays": workdays} if workdays else {"weekly": _week(weekly)}),
    }  # fmt: skip
    written = declared.written(declared.read(data))
    checks.unique(ask, "calendars", draft)
    fields = {"name": name, "zone": zone, "weekly": tuple(f"{day} {h}" for day, h in written["weekly"].items())}
    days = tuple({"day": day, "name": title} for day, title in written["holidays"]["days"].items())
    exceptions = tuple({**one, "hours": one["hours"] or None} for one in written["exceptions"])
    return Draft(fields, {"holidays": days, "exceptions": exceptions}, (), draft.number)


def _week(lines: tuple[str, ...]) -> dict[str, str]:
    pairs = [line.partition(" ") for line in lines]
    if twice := [day for n, (day, _, _) in enumerate(pairs) if day in {other for other, _, _ in pairs[:n]}]:
        raise Invalid(f"{twice[0]} is given twice: put its hours into one line", where="weekly")
    return {day: hours for day, _, hours in pairs}


def _holidays(draft: Draft, zone: str, now: str) -> dict[str, Any]:
    days = {str(row["day"]): str(row["name"]) for row in draft.parts.get("holidays", ())}
    country, rules, years = draft.text("country"), draft.names("holiday_rules"), draft.names("years")
    if not country and not rules:
        return {"days": days}
    if not all(year.isascii() and year.isdecimal() for year in years):
        raise Invalid("are numbers such as 2026", where="years")
    this = local(moment(now), zone).year
    wanted = [int(year) for year in years] or list(range(this, this + YEARS))
    return {"days": days, "years": wanted, "rules": list(rules), **({"country": country} if country else {})}


def maintenance(ask: Ask, draft: Draft, _who: Principal, now: str) -> Draft:
    """Of CIs that are there."""
    if not draft.cis:
        raise Invalid("are missing: say which services and CIs it is for", where="cis")
    checks.live(ask, draft.cis, "cis")
    return checks.timed(draft, Kind.MAINTENANCE, now)


def freeze(ask: Ask, draft: Draft, _who: Principal, now: str) -> Draft:
    """Of a scope, with who may override it."""
    made = checks.timed(checks.scoped(ask, draft), Kind.FREEZE, now)
    if not made.text("why"):
        raise Invalid("is missing: those whose changes wait want to know", where="why")
    names = checks.names(made, "override_by")
    _overriding(ask, names)
    return replace(made, fields={**made.fields, "override_by": names})


def _overriding(ask: Ask, names: tuple[str, ...]) -> None:
    """Roles, @teams in force and accounts; UnknownName otherwise, since nobody would notice before the freeze."""
    if people := {name for name in names if not name.startswith("@") and name not in set(Role)}:
        delegating.accounts(ask, people, "override_by")
    if teams := [name for name in names if name.startswith("@")]:
        known = reading.book(ask, lists=("supportGroups",)).groups
        if strange := [name for name in teams if name[1:] not in known]:
            raise UnknownName(f"there is no team {strange[0]}", where="override_by")


def team(ask: Ask, draft: Draft, who: Principal, _now: str) -> Draft:
    """Of accounts that are there, by a calendar that is there."""
    name = checks.line(draft, "name", needed=True)
    if name in SEAT_OF_TEAM and not who.may(Role.ADMIN):
        raise Forbidden(f"{name} approve changes as {SEAT_OF_TEAM[name]}: an admin says who is in them")
    if not all(c.isalnum() or c in "-_." for c in name):
        raise Invalid("is letters, digits, - _ and . so that @name means it", where="name")
    members = checks.names(draft, "members")
    if not members:
        raise Invalid("are missing: a team has somebody in it", where="members")
    delegating.accounts(ask, members, "members")
    fields = {"name": name, "members": members, "calendar": checks.line(draft, "calendar")}
    fields["contact"] = checks.line(draft, "contact")
    checks.unique(ask, "supportGroups", draft)
    if fields["calendar"]:
        checks.named(ask, "calendars", str(fields["calendar"]), "calendar")
    return checks.scoped(ask, replace(draft, fields={**draft.fields, **fields}))
