"""epicentre held, release: reports that would retract too much at once, and the word that lets one go on."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

HELD = "id node lost of items since releasedBy host { name }"
RELEASE = "mutation R($i: ID!, $r: String) { releaseHeld(id: $i, reason: $r) }"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    app.command(epilog="Examples: epicentre held; epicentre held --json")(held)
    app.command(epilog="Examples: epicentre release nd_7f/services --reason 'the host was emptied'")(release)


def held(json: Json = False) -> None:
    """List reports held because they would retract more than a fifth and more than ten items of their scope."""
    found = asking.every("held", HELD)
    if json:
        show.emit(found)
        return
    rows = [
        (h["id"], (h["host"] or {}).get("name"), f"{h['lost']} of {h['of']}", h["since"], h["releasedBy"])
        for h in found
    ]
    show.table(("SCOPE", "HOST", "WOULD RETRACT", "SINCE", "RELEASED BY"), rows, "nothing is held")


def release(
    scope: Annotated[str, typer.Argument(help="The scope, as `held` shows it.")],
    reason: Annotated[str | None, typer.Option(help="Why it is right; it is kept in the journal.")] = None,
    json: Json = False,
) -> None:
    """Believe a loss: the held report goes on."""
    asking.ask(RELEASE, i=scope, r=reason)
    show.done({"released": scope}, f"{scope} is released", json)
