"""Who stands in for whom: nobody hands over what they have not, and what is handed over is not handed on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from cmdb.errors import Forbidden, Invalid, Refused, UnknownName
from cmdb.words import Principal, Record, Role
from cmdb.words.process import Ask
from cmdb_processes.arrangements import checks, reading
from cmdb_processes.arrangements.life import Draft
from cmdb_processes.arrangements.nouns import SEATS, StandIn, Team, stand_in
from cmdb_processes.timing.spans import moment, text

ROLES = frozenset(Role) - {Role.READER, Role.VIEWER}
"""Who may hand something over: what they must hold for it, `check` says."""
ACCOUNTS = "query Accounts($names: [String!]!) { accountRoles(names: $names) { name roles } }"
LONGEST = 366 * 86_400


def accounts(ask: Ask, names: Collection[str], where: str) -> dict[str, frozenset[str]]:
    """The roles of accounts by name; UnknownName if one is not there."""
    rows = ask(ACCOUNTS, names=sorted(names))["accountRoles"]
    found = {row["name"]: frozenset(row["roles"]) for row in rows}
    if gone := sorted(set(names) - found.keys()):
        raise UnknownName(f"there is no account {gone[0]!r}", where=where)
    return found


def check(ask: Ask, draft: Draft, who: Principal, now: str) -> Draft:
    """A delegation by who gives it, or by an admin for somebody else, of something they hold."""
    made = _read(draft, who, now)
    if made.by != who.name and not who.may(Role.ADMIN):
        raise Forbidden(f"{who.name} hands over what is their own; an admin does it for {made.by}")
    known = accounts(ask, {made.by, made.to}, "to")
    book = reading.book(ask, lists=reading.FOR_PEOPLE)
    holds(made, known[made.by], book.teams)
    chains(made, [one for one in book.stand_ins if one.number != draft.number])
    why = checks.line(draft, "why")
    fields = {"by": made.by, "to": made.to, "role": made.role, "why": why}
    return replace(draft, fields={**fields, "start": text(made.span.start), "until": text(made.span.end)}, cis=())


def _read(draft: Draft, who: Principal, now: str) -> StandIn:
    given = {name: checks.line(draft, name, needed=True) for name in ("to", "role", "until")}
    by, start = checks.line(draft, "by") or who.name, checks.line(draft, "start") or now
    if moment(given["until"]) <= moment(now):
        raise Invalid("is over already", where="until")
    made = stand_in(draft.number or "", by, given["to"], given["role"], start, given["until"])
    if made.span.seconds > LONGEST:
        raise Invalid("is more than a year on: a role that is given for good is an account's own", where="until")
    return made


def holds(made: StandIn, roles: Collection[str], teams: Iterable[Team]) -> None:
    """Refused if who is stood in for has not what is handed over."""
    if made.role.startswith("@"):
        team = next((one for one in teams if one.name == made.role[1:]), None)
        if team is None:
            raise UnknownName(f"there is no team {made.role[1:]!r}", where="role")
        if made.by not in team.members:
            raise Refused(f"{made.by} is not in {made.role}: nobody hands over what they have not")
    elif not {SEATS[made.role], Role.ADMIN} & set(roles):
        raise Refused(f"{made.by} is no {made.role} approver: nobody hands over what they have not")


def chains(made: StandIn, others: Iterable[StandIn]) -> None:
    """Refused if at the same time one of the two has handed over the same, or stands in for somebody else in it."""
    for one in others:
        if one.role != made.role or not one.span.meets(made.span):
            continue
        if one.by == made.by:
            until = text(one.span.end)
            raise Refused(f"{one.to} stands in for {one.by} as {one.role} until {until} already: {one.number}")
        if one.by == made.to:
            raise Refused(f"{made.to} is stood in for by {one.to} at that time ({one.number}): name somebody else")
        if one.to == made.by:
            raise Refused(f"{made.by} stands in for {one.by} at that time ({one.number}): let that one end first")


def may_end(record: Record, who: Principal) -> None:
    """Either of the two, or an admin."""
    if who.name not in {record.fields["by"], record.fields["to"]} and not who.may(Role.ADMIN):
        raise Forbidden(f"{record.number} is ended by {record.fields['by']}, {record.fields['to']} or an admin")
