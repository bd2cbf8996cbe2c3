"""epicentre retention: what is kept no longer."""

from __future__ import annotations

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

PURGEABLE = "query Purgeable { purgeable { class versions edges } }"


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(epilog="Examples: epicentre retention; epicentre retention --json")(retention)


def retention(json: Json = False) -> None:
    """Show what the server's next daily purge will delete of long retired CIs; this command deletes nothing."""
    found = asking.ask(PURGEABLE)["purgeable"]
    if json:
        show.emit(found)
        return
    rows = [(one["class"], one["versions"], one["edges"]) for one in found]
    show.table(("CLASS", "EARLIER STATES", "CLOSED EDGES"), rows, "nothing is older than it is kept")
