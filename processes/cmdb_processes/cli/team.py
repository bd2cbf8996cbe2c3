"""epicentre team: who supports what, and who stands in for whom."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.arrangements.records import TEAM
from cmdb_processes.cli import asking, records, show
from cmdb_processes.cli.arranging import standing
from cmdb_processes.cli.options import Json

FIELDS = "name members calendar contact everything classes tags sites"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(
        help="Teams and stand-ins: who supports what, and who is away.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list", epilog="Examples: epicentre team list; epicentre team list --of anna")(list_)
    group.command(epilog="Example: epicentre team add network --member anna --member ben --class NetworkDevice")(add)
    group.command(epilog="Example: epicentre team end SUP-1 --reason 'merged into platform'")(end)
    standing.register(group)
    app.add_typer(group, name="team")


def list_(
    of: Annotated[str | None, typer.Option(help="Only the teams of this account, among those listed.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last team of the page before.")] = None,
    json: Json = False,
) -> None:
    """List teams with their members and what they support."""
    page = records.listed(TEAM, FIELDS, {"categories": ["IN_PROGRESS"]}, first, after)
    if of is not None:
        page["nodes"] = [row for row in page["nodes"] if of in row["members"]]
    records.print_page(page, ("NUMBER", "TEAM", "MEMBERS", "SUPPORTS"), _row, json, "no teams")


def _row(row: Any) -> tuple[Any, ...]:
    named = [*(ci["name"] for ci in row["cis"]), *(row["classes"] or ()), *(row["tags"] or ()), *(row["sites"] or ())]
    what = "everything" if row["everything"] else ", ".join(named)
    return row["number"], row["name"], ", ".join(row["members"]), what


def add(
    name: Annotated[str, typer.Argument(help="Its name; @NAME means its members.")],
    member: Annotated[list[str], typer.Option(help="An account in it; may be repeated.")],
    ci: Annotated[list[str] | None, typer.Option(help="A CI it supports; may be repeated.")] = None,
    cls: Annotated[list[str] | None, typer.Option("--class", help="A class it supports; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag it supports; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="It supports every CI.")] = False,
    calendar: Annotated[str | None, typer.Option(help="The calendar it works by.")] = None,
    contact: Annotated[str | None, typer.Option(help="How to reach it.")] = None,
    json: Json = False,
) -> None:
    """Declare a team."""
    client = asking.client()
    cis = [asking.resolve(client, one)["id"] for one in ci or ()]
    given = {
        "name": ("String!", name), "members": ("[String!]!", member), "cis": ("[ID!]", cis),
        "classes": ("[String!]", cls), "tags": ("[String!]", tag), "everything": ("Boolean", everything),
        "calendar": ("String", calendar), "contact": ("String", contact),
    }  # fmt: skip
    made = records.give("declareSupportGroup", "number name members", given)
    show.done(made, f"{made['number']} {made['name']}: {', '.join(made['members'])}", json)


def end(
    number: records.Number,
    reason: Annotated[str | None, typer.Option(help="Why, in one line.")] = None,
    json: Json = False,
) -> None:
    """End a team."""
    given = {"number": ("String!", number), "reason": ("String", reason)}
    made = records.give("endSupportGroup", "number state", given)
    show.done(made, f"{made['number']} is {made['state']}", json)
