"""epicentre team delegate, delegations, recall: who stands in for whom."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.arrangements.records import DELEGATION
from cmdb_processes.cli import records, show
from cmdb_processes.cli.options import Json


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    group.command(
        epilog="Example: epicentre team delegate vic --role technical --until 2026-12-24T00:00+01:00 --why 'on leave'"
    )(delegate)
    group.command(epilog="Example: epicentre team delegations")(delegations)
    group.command(epilog="Example: epicentre team recall DLG-1 --reason 'back early'")(recall)


def delegate(
    to: Annotated[str, typer.Argument(help="The account that stands in.")],
    role: Annotated[str, typer.Option(help="financial, technical or business approver, or a @team.")],
    until: Annotated[str, typer.Option(help="Until when, with an offset: 2026-12-24T00:00+01:00.")],
    by: Annotated[str | None, typer.Option(help="Who is stood in for; you, if left out. Others: an admin.")] = None,
    start: Annotated[str | None, typer.Option(help="From when; now, if left out.")] = None,
    why: Annotated[str | None, typer.Option(help="Why, in one line.")] = None,
    json: Json = False,
) -> None:
    """Let somebody stand in for you until a moment; it ends by itself."""
    given = {
        "by": ("String", by), "to": ("String!", to), "role": ("String!", role), "start": ("String", start),
        "until": ("String!", until), "why": ("String", why),
    }  # fmt: skip
    made = records.give("declareDelegation", "number by to role start until", given)
    show.done(made, f"{made['number']}: {said(made)} until {made['until']}", json)


def said(row: Any) -> str:
    """ "vic stands in for tina as technical approver"."""
    seat = f"in {row['role']}" if row["role"].startswith("@") else f"as {row['role']} approver"
    return f"{row['to']} stands in for {row['by']} {seat}"


def delegations(
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over instead.")] = False,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 25,
    after: Annotated[str | None, typer.Option(help="The last of the page before.")] = None,
    json: Json = False,
) -> None:
    """List who stands in for whom, newest first."""
    wanted = {"categories": ["DONE"] if ended else ["IN_PROGRESS"]}
    page = records.listed(DELEGATION, "by to role start until why", wanted, first, after)
    records.print_page(page, ("NUMBER", "FOR", "STANDS IN", "AS", "FROM", "UNTIL"), _row, json, "no delegations")


def _row(row: Any) -> tuple[Any, ...]:
    return row["number"], row["by"], row["to"], row["role"], row["start"], row["until"]


def recall(
    number: records.Number,
    reason: Annotated[str | None, typer.Option(help="Why, in one line.")] = None,
    json: Json = False,
) -> None:
    """End a delegation now; either of the two may, or an admin."""
    given = {"number": ("String!", number), "reason": ("String", reason)}
    made = records.give("endDelegation", "number state", given)
    show.done(made, f"{made['number']} is {made['state']}", json)
