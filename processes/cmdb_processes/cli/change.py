"""epicentre change: propose, assess, approve, do and review, with the blast radius before your eyes."""

from __future__ import annotations

import typer

from cmdb_processes.change.record import RECORD
from cmdb_processes.cli import records
from cmdb_processes.cli.changes import deciding, drafting, looking, templates, working


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Changes: propose, assess, approve, do.", no_args_is_help=True, rich_markup_mode=None)
    for part in (drafting, deciding, working, looking, templates):
        part.register(group)
    records.register_notes(group, RECORD, "change")
    app.add_typer(group, name="change")
