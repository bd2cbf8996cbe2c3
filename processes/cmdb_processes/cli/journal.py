"""epicentre quarantine, journal: what was applied, and what could not be."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

QUARANTINED = "row node reportId reason at"
JOURNAL = """
query J($first: Int!, $before: Int) {
  journal(first: $first, before: $before) {
    nodes { seq at actor kind summary hash }
    pageInfo { hasNextPage endCursor }
  }
}
"""
REPLAY = "mutation R($r: Int!) { replay(row: $r) }"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Reports that failed three times.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list", epilog="Example: epicentre quarantine list")(list_)
    group.command(epilog="Example: epicentre quarantine replay 7")(replay)
    app.add_typer(group, name="quarantine")
    app.command(epilog="Example: epicentre journal --first 5")(journal)


def list_(json: Json = False) -> None:
    """List reports that failed three times, with the reason."""
    found = asking.every("quarantine", QUARANTINED)
    if json:
        show.emit(found)
    else:
        rows = [(q["row"], q["node"], q["at"], q["reason"]) for q in found]
        show.table(("ROW", "AGENT", "CAME", "WHY"), rows, "nothing in quarantine")


def replay(
    row: Annotated[int, typer.Argument(help="Its row, as `quarantine list` shows it.")], json: Json = False
) -> None:
    """Try a quarantined report again."""
    asking.ask(REPLAY, r=row)
    show.done({"queued": row}, f"report {row} is queued again", json)


def journal(
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(help="Only entries before this sequence.")] = None,
    json: Json = False,
) -> None:
    """Show what was applied last: who, when, what."""
    page = asking.ask(JOURNAL, first=first, before=before)["journal"]
    found = page["nodes"]
    if json:
        show.emit(found)
    else:
        show.table(("SEQ", "AT", "BY", "WHAT"), [(j["seq"], j["at"], j["actor"], j["summary"]) for j in found], "empty")
    show.more(page, "--before")
