"""epicentre demo: an example company to try everything on, in a data folder of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.errors import Misconfigured
from cmdb_processes.cli import show
from cmdb_processes.cli.company.folder import is_example

if TYPE_CHECKING:
    from cmdb.config import Settings

NEO4J_PORT = 17688
"""Beside the usual one, so that the example runs beside a real server."""
PORT = 8481


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre demo; epicentre demo --reset; epicentre demo --folder /tmp/example --port 9000"
    )(demo)


def demo(
    folder: Annotated[
        Path | None, typer.Option(help="Its data folder; default: beside the usual one, ending in -demo.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port the server listens on.")] = PORT,
    neo4j_port: Annotated[
        int, typer.Option("--neo4j-port", min=1, max=65535, help="Bolt port of its embedded Neo4j.")
    ] = NEO4J_PORT,
    reset: Annotated[
        bool, typer.Option("--reset", help="Begin anew: whatever you did in the example is gone.")
    ] = False,
) -> None:
    """Start a server with a made-up company: about 400 CIs, 90 days of history, changes, incidents.

    It stays until Ctrl-C; started again, it goes on where it was. It never touches a real data folder.
    """
    from cmdb.config import load  # late: the other commands need none of the server
    from cmdb_processes.cli.company.run import Demo

    settings = settled(load(), folder, port, neo4j_port)

    try:
        Demo(settings, today=datetime.now(UTC).date(), anew=reset).serve()
    except KeyboardInterrupt:
        show.out("stopped before it was ready")
        raise typer.Exit(130) from None


def settled(usual: Settings, folder: Path | None, port: int, neo4j_port: int) -> Settings:
    """The settings of the example: the usual ones, but never the usual data folder nor a Neo4j somebody else runs."""
    from cmdb.config import load

    example = is_example(usual.home)  # EPICENTRE_HOME names it already: who walks through it has set that
    beside = usual.home if example else usual.home.with_name(f"{usual.home.name}-demo")
    home = (folder or beside).expanduser().absolute()
    if home == usual.home and not example:
        raise Misconfigured(f"{home} is the data folder of the real server: name another with --folder")
    if usual.neo4j_uri is not None:
        raise Misconfigured("the example only runs on a Neo4j of its own: unset EPICENTRE_NEO4J_URI")
    return load(home=home, port=port, neo4j_port=neo4j_port)
