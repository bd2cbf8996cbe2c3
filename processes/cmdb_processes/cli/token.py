"""epicentre token: API tokens of people and programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

COLUMNS = "keyId user label roles createdAt expiresAt lastUsed revokedAt"
ISSUE = """
mutation NewToken($user: String, $label: String!, $roles: [String!], $expiresDays: Float) {
  createToken(user: $user, label: $label, roles: $roles, expiresDays: $expiresDays)
}
"""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="API tokens.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: epicentre token create --user anna --label ci --out anna.token")(create)
    group.command("list", epilog="Example: epicentre token list --json")(list_)
    group.command(epilog="Example: epicentre token revoke 0a1b2c3d4e")(revoke)
    app.add_typer(group, name="token")


def create(
    user: Annotated[str | None, typer.Option(help="Whose token; default: your own.")] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="Narrow it to this role; may be repeated.")] = None,
    expires_days: Annotated[float | None, typer.Option(help="Days until it expires; default: never.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this new file (0600) instead of stdout.")] = None,
    json: Json = False,
) -> None:
    """Make an API token; it is shown this once."""

    def make() -> str:
        return str(asking.ask(ISSUE, user=user, label=label, roles=role, expiresDays=expires_days)["createToken"])

    show.secret(make, out, json)


def list_(json: Json = False) -> None:
    """List API tokens, without their secrets."""
    found = asking.every("tokens", COLUMNS)
    if json:
        show.emit(found)
        return
    rows = [
        (t["keyId"], t["user"], t["label"], "revoked" if t["revokedAt"] else t["expiresAt"] or "no end", t["lastUsed"])
        for t in found
    ]
    show.table(("KEY", "USER", "LABEL", "UNTIL", "LAST USED"), rows, "no tokens")


def revoke(
    key_id: Annotated[str, typer.Argument(help="Its visible part, as `token list` shows it.")],
    json: Json = False,
) -> None:
    """End an API token; its next use is refused."""
    asking.ask("mutation R($id: ID!) { revokeToken(keyId: $id) }", id=key_id)
    show.done({"revoked": key_id}, f"token {key_id} is revoked", json)
