"""epicentre user: accounts and their roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdb_processes.cli import asking, show

Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of text.")]
NEW_USER = """
mutation A($n: String!, $r: [String!]!, $p: String) { createUser(name: $n, roles: $r, password: $p) { name roles } }
"""
SET_ROLES = "mutation S($n: String!, $r: [String!]!) { setRoles(name: $n, roles: $r) { name roles } }"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Accounts and their roles.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: epicentre user add anna --role approver-technical")(add)
    group.command("list", epilog="Example: epicentre user list")(list_)
    group.command(epilog="Example: epicentre user roles anna --role viewer --role approver-business")(roles)
    app.add_typer(group, name="user")


def add(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[list[str], typer.Option(help="A role; may be repeated.")],
    password_file: Annotated[Path | None, typer.Option(help="File with a password; default: token use only.")] = None,
    json: Json = False,
) -> None:
    """Make an account."""
    password = password_file.read_text().strip() if password_file else None
    made = asking.ask(NEW_USER, n=name, r=role, p=password)["createUser"]
    show.done(made, f"{name} may now act as {', '.join(made['roles'])}", json)


def list_(json: Json = False) -> None:
    """List accounts."""
    found = asking.every("users", "name roles createdAt")
    if json:
        show.emit(found)
    else:
        show.table(("NAME", "SINCE", "ROLES"), [(u["name"], u["createdAt"], ", ".join(u["roles"])) for u in found])


def roles(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[list[str], typer.Option(help="A role it shall hold; may be repeated.")],
    json: Json = False,
) -> None:
    """Replace an account's roles."""
    made = asking.ask(SET_ROLES, n=name, r=role)["setRoles"]
    show.done(made, f"{name} may now act as {', '.join(made['roles'])}", json)
