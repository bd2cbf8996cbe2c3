"""epicentre spof: which CIs alone bring a service down."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb_processes.cli import asking, show

SPOFS = """
query Spofs($of: ID!, $alsoDown: [ID!], $asOf: Moment) {
  spofs(of: $of, alsoDown: $alsoDown, asOf: $asOf) {
    sequence down verdict truncated of { id name class } items { id name class }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre spof shop; epicentre spof shop --down db-1 --json;"
        " epicentre spof shop --as-of 2030-01-10T22:00Z"
    )(spof)


def spof(
    name: Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")],
    down: Annotated[list[str] | None, typer.Option(help="A CI that is down already: what is the second?")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a moment instead of now: a journal sequence, or a time with its zone.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """List the single points of failure of a CI; with --down, what would be the second failure."""
    client, past = asking.client(), as_of is not None
    of, *others = (asking.resolve(client, one, retired=past)["id"] for one in [name, *(down or [])])
    answer = client.ask(SPOFS, of=of, alsoDown=others, asOf=as_of)["spofs"]
    if json:
        show.emit(answer)
        return
    show.out(answer["verdict"])
    if answer["items"]:
        show.table(("name", "class", "id"), [(ci["name"], ci["class"], ci["id"]) for ci in answer["items"]])
    show.out(f"taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")
