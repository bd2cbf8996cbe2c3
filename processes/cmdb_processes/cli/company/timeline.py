"""The company's history as dated steps, oldest first: each is one import, and later steps build on earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from cmdb.errors import Invalid
from cmdb_processes.cli.company.estate import SEED, estate
from cmdb_processes.cli.company.rows import Row

SOURCE = "demo"
DAYS = 90
"""How far the history goes back."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became known on a day, and why, in one line."""

    day: date
    summary: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if not self.rows:
            raise Invalid("a step says at least one thing", where="rows")


def timeline(today: date, seed: int = SEED) -> tuple[Step, ...]:
    """All steps up to `today`."""
    return (Step(today - timedelta(days=DAYS), "the company as it was found", tuple(estate(today, seed))),)
