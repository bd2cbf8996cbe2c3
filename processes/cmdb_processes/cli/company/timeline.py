"""The company's history as dated steps, oldest first: each is one import, and later steps build on earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cmdb.errors import Invalid
from cmdb_processes.cli.company.dates import days_before
from cmdb_processes.cli.company.estate import SEED, estate
from cmdb_processes.cli.company.events import DISCOVERY, Event, events
from cmdb_processes.cli.company.rows import Row, about

SOURCE = "demo"
DAYS = 90
"""How far the history goes back."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became known at a moment, by whom, and why, in one line; `retire` are references of CIs that are gone."""

    at: datetime
    summary: str
    rows: tuple[Row, ...]
    retire: tuple[str, ...] = ()
    by: str = DISCOVERY

    def __post_init__(self) -> None:
        if not self.rows and not self.retire:
            raise Invalid("a step says at least one thing", where="rows")
        if self.at.utcoffset() != timedelta(0):
            raise Invalid("a step is at a moment in UTC", where="at")


def timeline(today: date, seed: int = SEED) -> tuple[Step, ...]:
    """All steps up to `today`: after the last one the company is as `estate` has it."""
    rows = estate(today, seed)
    nodes = {str(row["ref"]): row for row in rows if "class" in row}
    told = events(nodes)
    late = {ref: number for number, one in enumerate(told) for ref in one.came}
    coming, changes = _values(nodes, told, late)
    comes: dict[int, list[Row]] = {}
    gone = [row for number, one in enumerate(told) for row in one.left if _event(row, late) < number]
    for row in (*coming, *(row for row in rows if "type" in row), *gone):
        comes.setdefault(_event(row, late), []).append(row)
    steps = [Step(days_before(today, DAYS), "the company as it was found", tuple(comes[-1]))]
    for number, one in enumerate(told):
        said = (*comes.get(number, ()), *changes[number], *one.says)
        retire = tuple(str(row["ref"]) for row in one.left if "class" in row)
        steps.append(Step(days_before(today, one.days), one.summary, said, retire, one.by))
    return tuple(steps)


def _event(row: Row, late: Mapping[str, int]) -> int:
    """The event with which a row comes, -1: it was there from the beginning. An edge comes with its later end."""
    refs = (row["ref"], row.get("parent")) if "class" in row else (row["from"], row["to"])
    return max(late.get(str(ref), -1) for ref in refs)


def _values(
    nodes: Mapping[str, Row], told: Sequence[Event], late: Mapping[str, int]
) -> tuple[list[Row], list[list[Row]]]:
    """Each CI with its values as it comes, and for each event the rows of those that are there and have new values."""
    values = {ref: dict(row["attributes"]) for ref, row in nodes.items()}
    changes: list[list[Row]] = []
    for number, one in reversed([*enumerate(told)]):
        before = {ref: was for ref, was in one.before.items() if _event(nodes[ref], late) < number}
        changes.append([about(nodes[ref], {n: values[ref][n] for n in was}) for ref, was in before.items()])
        for ref, was in before.items():
            values[ref].update(was)
    return [{**row, "attributes": values[ref]} for ref, row in nodes.items()], changes[::-1]
