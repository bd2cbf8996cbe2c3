"""What broke in the example company, as data: the graph's history and the incidents of the time both come from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """A CI that did not work: how many `days` ago, for how many hours, why, and what its `owner` did about it.

    `link` is what its incident is linked to, such as CAUSED_BY CHG-4; `waits` for a supplier part of the time.
    """

    days: float
    hours: float
    ci: str
    condition: str
    why: str
    owner: str
    did: str
    cause: str
    code: str = "fixed"
    link: str | None = None
    waits: bool = False

    @property
    def over(self) -> float:
        """How many days ago it was over."""
        return self.days - self.hours / 24


BROKEN = (
    Outage(79.3, 5.0, "vie-hv-3", "down", "memory error", "ada", "Took the memory module out.", "hardware",
           "workaround"),
    Outage(66.7, 1.5, "grz-lb-2", "down", "watchdog reset", "hugo", "It came up again by itself.", "unknown",
           "went away"),
    Outage(57.2, 26.0, "fibre-2", "down", "cut by an excavator in Graz", "ben", "The carrier spliced it.", "supplier",
           waits=True),
    Outage(50.9, 0.7, "grz-lb-2", "down", "watchdog reset", "hugo", "It came up again by itself.", "unknown",
           "went away", "RELATES_TO INC-2"),
    Outage(43.8, 3.0, "pg-crm-2", "down", "disk full", "cleo", "Threw old logs away; they are kept a week now.",
           "capacity"),
    Outage(37.3, 2.0, "orders on orders-3", "degraded", "threads exhausted", "gita", "Doubled the pool of threads.",
           "configuration"),
    Outage(29.8, 9.0, "vie-hv-3", "down", "memory error again", "ada", "Ran it without that bank.", "hardware",
           "workaround", "RELATES_TO INC-1"),
    Outage(21.6, 1.2, "grz-lb-2", "down", "watchdog reset, after the firmware too", "hugo",
           "Switched the watchdog off.", "software", "workaround", "CAUSED_BY CHG-4"),
    Outage(12.4, 0.9, "queue stock", "degraded", "messages pile up", "gita", "Started the consumer again.",
           "software"),
    Outage(5.7, 4.0, "vie-hv-3", "down", "memory error, board replaced", "ada", "A new board, by CHG-6.", "hardware",
           "by change", "FOLLOWS CHG-6"),
)  # fmt: skip
"""Oldest first: the incidents have the numbers of this order."""
