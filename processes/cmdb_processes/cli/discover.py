"""epicentre discover: look at machines and devices that have no agent."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import typer

from cmdb_processes.cli import discovering


def register(app: typer.Typer) -> None:
    """Offer every command that a file of `discovering/` offers."""
    group = typer.Typer(help="Look at machines without an agent.", no_args_is_help=True, rich_markup_mode=None)
    for module in sorted(m.name for m in pkgutil.iter_modules(discovering.__path__)):
        offer = getattr(import_module(f"{discovering.__name__}.{module}"), "offer", None)
        if offer is not None:
            offer(group)
    app.add_typer(group, name="discover")
