"""epicentre discover: look at machines and devices that have no agent."""

from __future__ import annotations

import pkgutil

import typer

from cmdb_processes.cli.discovering import held, look, page


def register(app: typer.Typer) -> None:
    """Offer the commands; each kind of discovery there is becomes one."""
    from cmdb_agents.discover import kinds

    group = typer.Typer(help="Look at machines without an agent.", no_args_is_help=True, rich_markup_mode=None)
    # By their files' names: importing every kind would make each start of the command slower.
    for kind in sorted(m.name for m in pkgutil.iter_modules(kinds.__path__)):
        group.command(kind, epilog=f"Examples: epicentre discover {kind} rack-7 --dry-run")(look.command(kind))
    group.command("runs", epilog="Example: epicentre discover runs rack-7")(page.runs)
    group.command("show", epilog="Example: epicentre discover show 3f0c…")(page.show_)
    group.command("now", epilog="Example: epicentre discover now rack-7")(page.now)
    group.command("targets", epilog="Example: epicentre discover targets")(page.targets)
    group.command("coverage", epilog="Example: epicentre discover coverage --json")(page.coverage)
    group.command("enrol", epilog="Example: epicentre discover enrol --url https://cmdb.example --token-file token")(
        look.enrol
    )
    group.command("run", epilog="Example: epicentre discover run")(look.run)
    group.command("unlock", epilog="Example: epicentre discover unlock 10.0.7.3")(look.unlock)
    group.add_typer(held.credentials(), name="credential")
    group.add_typer(held.keys(), name="keys")
    app.add_typer(group, name="discover")
