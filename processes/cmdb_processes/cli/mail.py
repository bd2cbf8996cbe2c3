"""epicentre mail: who was told of what, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

LOG = """
query Letters($first: Int!, $after: String) {
  mailDeliveries(first: $first, after: $after) {
    nodes { row seq at number recipient address subject state tries answer }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Notices by mail.", no_args_is_help=True, rich_markup_mode=None)
    group.command("log", epilog="Example: epicentre mail log --first 10")(log)
    app.add_typer(group, name="mail")


def log(
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(help="The row of the last letter of the page before.")] = None,
    json: Json = False,
) -> None:
    """List letters about records, newest first, with what the mail server said."""
    page = asking.ask(LOG, first=first, after=after)["mailDeliveries"]
    if json:
        show.emit(page["nodes"])
    else:
        rows = [
            (m["row"], m["at"], m["number"], m["recipient"], m["address"] or "-", m["state"], m["tries"], m["answer"])
            for m in page["nodes"]
        ]
        show.table(("ROW", "AT", "RECORD", "WHO", "ADDRESS", "STATE", "TRIES", "ANSWER"), rows, "no letters")
    show.more(page, "--after")
