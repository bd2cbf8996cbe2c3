"""epicentre spof: which CIs alone bring a service down, or any service of the estate."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import AsOf, Json

SPOFS = """
query Spofs($of: ID!, $alsoDown: [ID!], $asOf: Moment, $proposed: ProposedInput) {
  spofs(of: $of, alsoDown: $alsoDown, asOf: $asOf, proposed: $proposed) {
    sequence down verdict truncated of { id name class } items { id name class }
  }
}
"""
ESTATE = """
query EstateSpofs(
  $first: Int!, $after: String, $class: String, $alsoDown: [ID!], $asOf: Moment, $proposed: ProposedInput
) {
  estateSpofs(first: $first, after: $after, class: $class, alsoDown: $alsoDown, asOf: $asOf, proposed: $proposed) {
    sequence services down count truncated pageInfo { hasNextPage endCursor }
    nodes { ci { id name class } criticality users serviceCount services { id name } }
  }
}
"""
NAMED = 3


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre spof shop; epicentre spof shop --down db-1 --json; epicentre spof --class Host;"
        " epicentre spof --down dc-north; epicentre spof shop --as-of 2030-01-10T22:00Z"
    )(spof)


def spof(
    name: Annotated[
        str | None, typer.Argument(help="A CI: its name, id, or the start of either. Without: all business services.")
    ] = None,
    down: Annotated[list[str] | None, typer.Option(help="A CI that is down already: what is the second?")] = None,
    cls: Annotated[str | None, typer.Option("--class", help="Of all services: only CIs of this class.")] = None,
    first: Annotated[int, typer.Option(min=1, max=1000, help="Of all services: so many CIs, the gravest.")] = 20,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """List the single points of failure of a CI, or of all business services by what hangs on them.

    With --down, what would be the second failure.
    """
    if name is not None and cls is not None:
        raise Invalid("--class is for all services: leave out the name", where="--class")
    client, past = asking.client(), as_of is not None
    steps = proposals.read(client, proposed, as_of)
    named = [*([] if name is None else [name]), *(down or [])]
    ids = [asking.resolve(client, one, retired=past, as_of=as_of, proposed=steps)["id"] for one in named]
    if name is None:
        asked = {"class": cls, "alsoDown": ids, "asOf": as_of, "proposed": steps}
        answer = asking.whole(client, ESTATE, "estateSpofs", first, asked)
        show.emit(answer) if json else render_estate(answer)
        return
    answer = client.ask(SPOFS, of=ids[0], alsoDown=ids[1:], asOf=as_of, proposed=steps)["spofs"]
    show.emit(answer) if json else render(answer)


def render(answer: dict[str, Any]) -> None:
    """Of one CI as text."""
    show.out(answer["verdict"])
    if answer["items"]:
        show.table(("name", "class", "id"), [(ci["name"], ci["class"], ci["id"]) for ci in answer["items"]])
    _end(answer)


def render_estate(answer: dict[str, Any]) -> None:
    """Of the estate as text: who, how grave, and which services."""
    count, services = answer["count"], answer["services"]
    many = "no CI alone brings" if not count else "1 CI alone brings" if count == 1 else f"each of {count} CIs brings"
    show.out(f"{services} business services: {many} one or more of them down.")
    if answer["down"]:
        show.out(f"{answer['down']} of them {'is' if answer['down'] == 1 else 'are'} down already.")
    if answer["nodes"]:
        rows = [(*_row(one), _services(one)) for one in answer["nodes"]]
        show.table(("name", "class", "gravest", "users", "services"), rows)
    if answer["pageInfo"]["hasNextPage"]:
        show.out(f"  and {count - len(answer['nodes'])} more; --first has them")
    _end(answer)


def _row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    users = "-" if one["users"] is None else f"{one['users']:,}"
    return one["ci"]["name"], one["ci"]["class"], one["criticality"] or "-", users


def _services(one: dict[str, Any]) -> str:
    names = [service["name"] for service in one["services"][:NAMED]]
    more = one["serviceCount"] - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _end(answer: dict[str, Any]) -> None:
    show.out(f"taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")
