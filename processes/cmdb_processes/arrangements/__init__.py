"""Arrangements: strategies, calendars, maintenance windows, freezes, teams, delegations and the advisory board."""

from dataclasses import replace

from cmdb.words import Attribute, Process
from cmdb_processes.arrangements import board, delegating, feed, finder, kinds, records
from cmdb_processes.arrangements.life import Kind, commands, expires
from cmdb_processes.arrangements.strategy.commands import COMMANDS as STRATEGY_COMMANDS
from cmdb_processes.arrangements.strategy.due import TIMER as REVIEW_DUE
from cmdb_processes.arrangements.strategy.record import STRATEGY


def _taken(attributes: tuple[Attribute, ...], needed: tuple[str, ...] = ()) -> tuple[Attribute, ...]:
    """As arguments; what the engine sets itself is none."""
    return tuple(replace(one, required=one.name in needed) for one in attributes if one.name != "until")


_CALENDAR = Kind(
    records.CALENDAR,
    "calendar",
    (
        *_taken(records.CALENDAR.attributes, ("name", "zone")),
        Attribute("workdays", "string", "The hours of Monday to Friday, such as 08:00-12:00 13:00-17:00; or weekly."),
        Attribute("country", "string", "Whose public holidays are off: AT, DE, FR, GB-ENG or US."),
        Attribute("holiday_rules", "strings", "More holidays, such as easter+1 Easter Monday or 12-24 Christmas Eve."),
        Attribute("years", "strings", "For which years holidays are written out; left out: this and the next four."),
    ),
    kinds.calendar,
    parts=("holidays", "exceptions"),
    about=False,
)
_MAINTENANCE = Kind(
    records.MAINTENANCE,
    "maintenance_window",
    _taken(records.MAINTENANCE.attributes, ("name", "zone", "start", "end")),
    kinds.maintenance,
)
_FREEZE = Kind(
    records.FREEZE, "freeze", _taken(records.FREEZE.attributes, ("name", "zone", "start", "end", "why")), kinds.freeze
)
_TEAM = Kind(records.TEAM, "support_group", _taken(records.TEAM.attributes, ("name", "members")), kinds.team)
_DELEGATION = Kind(
    records.DELEGATION,
    "delegation",
    (
        *_taken(records.DELEGATION.attributes, ("to", "role")),
        Attribute("until", "string", "Until when, ISO 8601 with a zone.", required=True),
    ),
    delegating.check,
    roles=delegating.ROLES,
    about=False,
    may_end=delegating.may_end,
)
KINDS = (_CALENDAR, _MAINTENANCE, _FREEZE, _TEAM, _DELEGATION)

PROCESS = Process(
    name="arrangements",
    sentence="What processes arrange by: strategies, calendars, windows, freezes, teams, stand-ins and the board.",
    records=(*records.RECORDS, STRATEGY),
    commands=(*(command for kind in KINDS for command in commands(kind)), *board.COMMANDS, *STRATEGY_COMMANDS),
    timers=(*(expires(kind) for kind in (_MAINTENANCE, _FREEZE, _DELEGATION)), REVIEW_DUE),
    questions=(finder.QUESTION,),
    downloads=(feed.DOWNLOAD,),
)
