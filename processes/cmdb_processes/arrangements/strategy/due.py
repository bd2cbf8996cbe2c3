"""What time does to strategies: a review that is due is told once, and of two in force the older one ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.words import Effect, Timer
from cmdb.words.process import Ask
from cmdb_processes.arrangements.strategy.commands import IN_FORCE
from cmdb_processes.timing.spans import moment


def due(ask: Ask, now: str) -> Iterator[Effect]:
    """One question, whatever is due."""
    latest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(ask(IN_FORCE)["strategies"]["nodes"], key=lambda one: (one["approvedAt"], len(one["number"]))):
        if (older := latest.get(row["process"])) is not None:  # approved in the same moment: neither saw the other
            yield Effect("supersede_strategy", older["number"], {"reason": f"superseded by {row['number']}"})
        latest[row["process"]] = row
    for row in latest.values():
        if row["reviewDue"] != row["remindedOf"] and moment(row["reviewDue"]) <= moment(now):
            yield Effect("remind_strategy", row["number"])


TIMER = Timer("strategy", "A strategy whose review is due is told of, once.", due)
