"""What is promised for incidents and requests: response, resolution and update, by priority. Pure.

A record's history becomes entries of the clock; conditions look at categories and waiting reasons, never at the names
of states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmdb.words.check import Value
from cmdb_processes.incident.lifecycle import APPROVAL, CONFIRMATION, WAITS
from cmdb_processes.timing.clock import Entry, Target
from cmdb_processes.timing.conditions import unless, when
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.spans import moment

PAUSING = tuple(reason.name for reason in (*WAITS, APPROVAL) if reason.pauses)
HOUR = 3600
_ANSWERED = tuple(reason.name for reason in (*WAITS, CONFIRMATION))
_RESPONDED = when(category=("in progress", "done")) | when(category="waiting", waiting=_ANSWERED)
_RESTORED = when(waiting=CONFIRMATION.name) | when(category="done", event=("confirm", "auto-close", "reject"))

Promises = Mapping[int, tuple[int, int, int]]
DEFAULT: Promises = {
    1: (900, 4 * HOUR, HOUR),
    2: (HOUR, 8 * HOUR, 4 * HOUR),
    3: (4 * HOUR, 24 * HOUR, 24 * HOUR),
    4: (8 * HOUR, 40 * HOUR, 40 * HOUR),
    5: (16 * HOUR, 80 * HOUR, 80 * HOUR),
}
"""Seconds to respond, to resolve and between updates by rank of priority, where no strategy says otherwise."""


def targets(calendar: Calendar, seconds: Promises = DEFAULT) -> tuple[Target, ...]:
    """The three promises for each rank of priority (1 is the most pressing), in business seconds of a calendar."""
    return tuple(one for rank, all_three in seconds.items() for one in _three(calendar, rank, *all_three))


def _three(calendar: Calendar, rank: int, response: int, resolution: int, update: int) -> tuple[Target, ...]:
    applies, pause = when(rank=rank), when(category="waiting", waiting=PAUSING)
    begun, cancelled = unless(category="done"), when(category="done", event="cancel")
    return (
        Target(
            f"respond to priority {rank}", "response", calendar, begun, _RESPONDED, response,
            applies=applies, cancel=cancelled, reason_field="waiting",
        ),
        Target(
            f"resolve priority {rank}", "resolution", calendar, begun, _RESTORED, resolution,
            applies=applies, pause=pause, reset=when(event="reopen"), cancel=cancelled, reason_field="waiting",
        ),
        Target(
            f"update priority {rank}", "update", calendar, begun, _RESTORED, update,
            applies=applies, pause=pause, reset=when(event=("note", "reopen")), cancel=cancelled,
            reason_field="waiting",
        ),
    )  # fmt: skip


def of_transitions(history: Iterable[Mapping[str, Value]], stimuli: Mapping[str, str], rank: int) -> list[Entry]:
    """The history that GraphQL answers (at, command, toState, toCategory, waiting) for the clock, oldest first.

    `stimuli` are the steps of commands by name; another command is its own event. The present rank counts throughout:
    these targets are retroactive.
    """
    return entries(
        {
            "at": row["at"],
            "event": stimuli.get(str(row["command"]), row["command"]),
            "state": row["toState"],
            "category": str(row["toCategory"]).replace("_", " ").lower(),
            "waiting": row.get("waiting"),
            "rank": rank,
        }
        for row in history
    )


def entries(history: Iterable[Mapping[str, Value]]) -> list[Entry]:
    """A record's history for the clock: rows of at (ISO 8601), event, state, category, waiting, rank; oldest first.

    A row says what changed and is completed from those before it, except for the event, which is its own. One that is
    earlier than the row before (in a history that was imported, or after a clock was put back) counts as of then.
    """
    known: dict[str, Value] = {}
    found: list[Entry] = []
    for row in history:
        known = {**known, "event": None, **row}
        at = moment(str(row["at"]))
        found.append(Entry(max(at, found[-1].at) if found else at, dict(known)))
    return found
