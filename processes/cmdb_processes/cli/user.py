"""epicentre user: accounts and their roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json, Rev

NEW_USER = """
mutation A($n: String!, $r: [String!]!, $p: String, $v: String) {
  createUser(name: $n, roles: $r, password: $p, view: $v) { name roles view }
}
"""
SET_ROLES = """
mutation S($n: String!, $r: [String!]!, $v: String, $rev: Int) {
  setRoles(name: $n, roles: $r, view: $v, rev: $rev) { name roles view rev }
}
"""
View = Annotated[str | None, typer.Option(help="The view a reader is kept to (`epicentre view list`).")]


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Accounts and their roles.", no_args_is_help=True, rich_markup_mode=None)
    group.command(
        epilog="Examples: epicentre user add anna --role approver-technical; "
        "epicentre user add ben --role reader --view web"
    )(add)
    group.command("list", epilog="Example: epicentre user list")(list_)
    group.command(epilog="Example: epicentre user roles anna --role viewer --role approver-business")(roles)
    group.command(epilog="Example: epicentre user email anna anna@example.org")(email)
    app.add_typer(group, name="user")


def add(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[list[str], typer.Option(help="A role; may be repeated.")],
    password_file: Annotated[Path | None, typer.Option(help="File with a password; default: token use only.")] = None,
    view: View = None,
    json: Json = False,
) -> None:
    """Make an account."""
    password = password_file.read_text().strip() if password_file else None
    made = asking.ask(NEW_USER, n=name, r=role, p=password, v=view)["createUser"]
    show.done(made, _may(made), json)


def _may(made: dict[str, Any]) -> str:
    text = f"{made['name']} may now act as {', '.join(made['roles'])}"
    return text if made["view"] is None else f"{text} on what the view {made['view']} shows"


def list_(json: Json = False) -> None:
    """List accounts."""
    found = asking.every("users", "name roles createdAt view rev")
    if json:
        show.emit(found)
    else:
        rows = [(u["name"], u["createdAt"], u["view"] or "everything", ", ".join(u["roles"]), u["rev"]) for u in found]
        show.table(("NAME", "SINCE", "SEES", "ROLES", "REV"), rows)


def roles(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[list[str], typer.Option(help="A role it shall hold; may be repeated.")],
    view: View = None,
    rev: Rev = None,
    json: Json = False,
) -> None:
    """Replace an account's roles, and the view it is kept to."""
    made = asking.ask(SET_ROLES, n=name, r=role, v=view, rev=rev)["setRoles"]
    show.done(made, _may(made), json)


def email(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    address: Annotated[str | None, typer.Argument(help="Where its letters go; none, if left out.")] = None,
    json: Json = False,
) -> None:
    """Say where letters about records go that are for this account."""
    asking.ask("mutation E($n: String!, $e: String) { setEmail(name: $n, email: $e) }", n=name, e=address)
    told = f"letters to {name} go to {address}" if address else f"{name} gets no letters any more"
    show.done({"name": name, "email": address}, told, json)
