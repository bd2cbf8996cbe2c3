"""The company's steps into an empty graph, each under the date and the name it has in the story.

An import over the front door is dated when it comes, and rightly so. A history that is made up has to be dated back:
only the example does that, in its own folder, by the same code as every import and before anybody may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cmdb.errors import Conflict
from cmdb.imports import parse
from cmdb.moments import iso
from cmdb.store import By, Imported, Store
from cmdb_processes.cli.company import arrangements, changes, incidents, people, scenes
from cmdb_processes.cli.company.desk import Desk
from cmdb_processes.cli.company.rows import Row
from cmdb_processes.cli.company.timeline import SOURCE, Step

if TYPE_CHECKING:
    from cmdb_graphql.services import Services


def play(store: Store, steps: Sequence[Step], tell: Callable[[int], None] = lambda _done: None) -> dict[str, str]:
    """Write every step; `tell` is told how many are done. The ids by reference. Conflict: a row was refused."""
    ids: dict[str, str] = {}
    for number, step in enumerate(steps, start=1):
        by = By(step.by, iso(step.at), step.summary)
        if step.rows:
            ids |= _refs(step.rows, said(store, step.rows, by))
        for ref in step.retire:
            store.retire_ci(ids.pop(ref), None, by)
        tell(number)
    return ids


def furnish(
    services: Services, home: Path, ids: Mapping[str, str], made: date, note: Callable[[str], None] = lambda _said: None
) -> None:
    """People, records and scenes to a company that was played; the admin's token is in its data folder already."""
    people.hire(services.accounts, home)
    desk = Desk(services, home, ids)
    arrangements.write(desk, made)
    note("its changes …")
    changes.write(desk, made)
    note("its incidents …")
    incidents.write(desk, made)
    scenes.write(home, made)


def said(store: Store, rows: Sequence[Row], by: By) -> Imported:
    """Some rows as the company's inventory says them."""
    done = store.bulk_upsert([parse(number, row) for number, row in enumerate(rows)], SOURCE, by)
    if wrong := [one for one in done.outcomes if one.word in {"conflict", "invalid"}]:
        raise Conflict(f"{len(wrong)} rows of the example were refused; {wrong[0].label}: {wrong[0].reason}")
    return done


def _refs(rows: Sequence[Row], done: Imported) -> dict[str, str]:
    return {str(rows[one.row]["ref"]): str(one.id) for one in done.outcomes if one.kind == "node"}
