"""epicentre view: what restricted accounts see."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer

from cmdb.errors import Invalid
from cmdb_processes.cli import asking, filters, show
from cmdb_processes.cli.options import Json, KeptRev, Rev

Name = Annotated[str, typer.Argument(help="The view's name.")]
DEFINE = """
mutation D($n: String!, $f: CIFilter!, $rev: Int, $r: String) {
  defineView(name: $n, filter: $f, rev: $rev, reason: $r) { name filter ready rev }
}
"""
DROP = "mutation D($n: String!, $rev: Int, $r: String) { dropView(name: $n, rev: $rev, reason: $r) }"
EXAMPLES = """
Examples: epicentre view define linux --filter osId=debian;
epicentre view define no-contracts --where '{"not": {"class": {"in": ["Contract", "Person"]}}}'
"""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="What restricted accounts see.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog=" ".join(EXAMPLES.split("\n")))(define)
    group.command("list", epilog="Example: epicentre view list --json")(list_)
    group.command(epilog="Example: epicentre view drop linux")(drop)
    app.add_typer(group, name="view")


def define(
    name: Name,
    filter_: Annotated[list[str] | None, typer.Option("--filter", help="attribute=value; all given must hold.")] = None,
    where: Annotated[str | None, typer.Option(help="A filter as in GraphQL (CIFilter), as JSON.")] = None,
    rev: KeptRev = None,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept in the journal.")] = None,
    json: Json = False,
) -> None:
    """Make a view, or give it a new filter; it is in force when the command ends."""
    client = asking.client()
    parts = [_given(where)] if where is not None else []
    if filter_:
        _, kinds = filters.known(client, None)
        parts += [filters.condition(kinds, one) for one in filter_]
    if not parts:
        raise Invalid("say which CIs it shows: --filter attribute=value or --where JSON", where="view")
    made = asking.ask(DEFINE, n=name, f={"and": parts}, rev=rev, r=reason)["defineView"]
    show.done(made, f"the view {name} is in force", json)


def _given(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at character {error.colno}", where="--where") from error


def list_(json: Json = False) -> None:
    """List views."""
    found = asking.ask("{ views { name filter ready rev } }")["views"]
    if json:
        show.emit(found)
    else:
        rows = [
            (v["name"], "in force" if v["ready"] else "being made", v["rev"], orjson.dumps(v["filter"]).decode())
            for v in found
        ]
        show.table(("NAME", "STATE", "REV", "SHOWS"), rows, "no views")


def drop(
    name: Name, rev: Rev = None,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept in the journal.")] = None, json: Json = False,
) -> None:  # fmt: skip
    """Take a view away: accounts kept to it see nothing until they get another."""
    asking.ask(DROP, n=name, rev=rev, r=reason)
    show.done({"dropped": name}, f"the view {name} is gone", json)
