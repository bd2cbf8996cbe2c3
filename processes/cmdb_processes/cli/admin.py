"""epicentre token, user, agents, quarantine, journal: run the server with others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cmdb_processes.cli import asking, show

Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of text.")]
TOKENS = "{ tokens { keyId user label roles createdAt expiresAt lastUsed revokedAt } }"
NEW_USER = """
mutation A($n: String!, $r: [String!]!, $p: String) { createUser(name: $n, roles: $r, password: $p) { name roles } }
"""
ISSUE = """
mutation NewToken($user: String, $label: String!, $roles: [String!], $expiresDays: Float) {
  createToken(user: $user, label: $label, roles: $roles, expiresDays: $expiresDays)
}
"""
AGENTS = "{ agents { node host state site owner enrolledAt lastSeen } }"
CONFLICTS = "{ conflicts { id node hostname outcome reason candidates openedAt trace } }"
QUARANTINE = "{ quarantine { row node reportId reason at } }"
JOURNAL = "query J($first: Int!) { journal(first: $first) { seq at actor kind summary hash } }"


def register(app: typer.Typer) -> None:
    """Offer the commands."""

    def group(name: str, sentence: str) -> typer.Typer:
        made = typer.Typer(help=sentence, no_args_is_help=True, rich_markup_mode=None)
        app.add_typer(made, name=name)
        return made

    token = group("token", "API tokens.")
    token.command("create", epilog="Example: epicentre token create --user anna --out anna.token")(token_create)
    token.command("list", epilog="Example: epicentre token list --json")(token_list)
    token.command("revoke", epilog="Example: epicentre token revoke 0a1b2c3d4e")(token_revoke)
    user = group("user", "Accounts and their roles.")
    user.command("add", epilog="Example: epicentre user add anna --role approver-technical")(user_add)
    user.command("list", epilog="Example: epicentre user list")(user_list)
    user.command("roles", epilog="Example: epicentre user roles anna --role viewer")(user_roles)
    agents = group("agents", "Enrolled agents.")
    agents.command("list", epilog="Example: epicentre agents list")(agents_list)
    agents.command("token", epilog="Example: epicentre agents token --out token")(agents_token)
    agents.command("revoke", epilog="Example: epicentre agents revoke nd_abc")(agents_revoke)
    agents.command("conflicts", epilog="Example: epicentre agents conflicts --json")(agents_conflicts)
    agents.command("resolve", epilog="Example: epicentre agents resolve cf_abc distinct")(agents_resolve)
    quarantine = group("quarantine", "Reports that failed three times.")
    quarantine.command("list", epilog="Example: epicentre quarantine list")(quarantine_list)
    quarantine.command("replay", epilog="Example: epicentre quarantine replay 7")(quarantine_replay)
    app.command(epilog="Example: epicentre journal --first 5")(journal)


def _deliver(secret: str, out: Path | None, json: bool, name: str) -> None:
    """A secret goes to a new file only its owner reads, or to stdout when no file is named."""
    if out is None:
        show.emit({name: secret}) if json else show.out(secret)
        return
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    show.emit({"file": str(out)}) if json else show.out(f"written to {out}")


def token_create(
    user: Annotated[str | None, typer.Option(help="Whose token; default: your own.")] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="Narrow it to this role; may be repeated.")] = None,
    expires_days: Annotated[float | None, typer.Option(help="Days until it expires; default: never.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this new file (0600) instead of stdout.")] = None,
    json: Json = False,
) -> None:
    """Make an API token; it is shown this once."""
    made = asking.ask(ISSUE, user=user, label=label, roles=role, expiresDays=expires_days)["createToken"]
    _deliver(made, out, json, "token")


def token_list(json: Json = False) -> None:
    """List API tokens, without their secrets."""
    found = asking.ask(TOKENS)["tokens"]
    if json:
        show.emit(found)
        return
    rows = [
        (t["keyId"], t["user"], t["label"], "revoked" if t["revokedAt"] else t["expiresAt"] or "no end", t["lastUsed"])
        for t in found
    ]
    show.table(("KEY", "USER", "LABEL", "UNTIL", "LAST USED"), rows, "no tokens")


def token_revoke(key_id: Annotated[str, typer.Argument(help="Its visible part, as `token list` shows it.")]) -> None:
    """End an API token; its next use is refused."""
    asking.ask("mutation R($id: ID!) { revokeToken(keyId: $id) }", id=key_id)
    show.out(f"token {key_id} is revoked")


def user_add(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[list[str], typer.Option(help="A role; may be repeated.")],
    password_file: Annotated[Path | None, typer.Option(help="File with a password; default: token use only.")] = None,
    json: Json = False,
) -> None:
    """Make an account."""
    password = password_file.read_text().strip() if password_file else None
    made = asking.ask(NEW_USER, n=name, r=role, p=password)["createUser"]
    show.emit(made) if json else show.out(f"{name} may now act as {', '.join(made['roles'])}")


def user_list(json: Json = False) -> None:
    """List accounts."""
    found = asking.ask("{ users { name roles createdAt } }")["users"]
    if json:
        show.emit(found)
    else:
        show.table(("NAME", "SINCE", "ROLES"), [(u["name"], u["createdAt"], ", ".join(u["roles"])) for u in found])


def user_roles(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[list[str], typer.Option(help="A role it shall hold; may be repeated.")],
) -> None:
    """Replace an account's roles."""
    text = "mutation S($n: String!, $r: [String!]!) { setRoles(name: $n, roles: $r) { roles } }"
    made = asking.ask(text, n=name, r=role)["setRoles"]
    show.out(f"{name} may now act as {', '.join(made['roles'])}")


def agents_list(json: Json = False) -> None:
    """List agents and when they last reported."""
    found = asking.ask(AGENTS)["agents"]
    if json:
        show.emit(found)
    else:
        rows = [(a["node"], a["host"], a["state"], a["lastSeen"], a["site"], a["owner"]) for a in found]
        show.table(("AGENT", "HOST", "STATE", "LAST SEEN", "SITE", "OWNER"), rows, "no agents")


def agents_token(
    site: Annotated[str, typer.Option(help="The site the agent will belong to.")] = "",
    owner: Annotated[str, typer.Option(help="Who owns the agent's host.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write it to this new file (0600) instead of stdout.")] = None,
    json: Json = False,
) -> None:
    """Make a one-off enrolment token, good for an hour."""
    text = "mutation E($s: String!, $o: String!) { createEnrolmentToken(site: $s, owner: $o) }"
    _deliver(asking.ask(text, s=site, o=owner)["createEnrolmentToken"], out, json, "token")


def agents_revoke(node: Annotated[str, typer.Argument(help="The agent, as `agents list` shows it.")]) -> None:
    """Send an agent away; its next request is refused."""
    asking.ask("mutation R($n: ID!) { revokeAgent(node: $n) }", n=node)
    show.out(f"agent {node} is revoked")


def agents_conflicts(json: Json = False) -> None:
    """List identities that wait for your word, with the reason."""
    found = asking.ask(CONFLICTS)["conflicts"]
    if json:
        show.emit(found)
    else:
        rows = [(c["id"], c["node"], c["hostname"], c["reason"]) for c in found]
        show.table(("CONFLICT", "AGENT", "HOST", "WHY"), rows, "no conflicts")


def agents_resolve(
    conflict: Annotated[str, typer.Argument(help="The conflict, as `agents conflicts` shows it.")],
    decision: Annotated[
        str, typer.Argument(help="same: one machine, the new agent takes over; distinct: two machines.")
    ],
) -> None:
    """Say whether a conflict's machines are the same or distinct."""
    asking.ask("mutation R($i: ID!, $d: String!) { resolveConflict(id: $i, decision: $d) }", i=conflict, d=decision)
    show.out(f"{conflict} is resolved: {decision}")


def quarantine_list(json: Json = False) -> None:
    """List reports that failed three times, with the reason."""
    found = asking.ask(QUARANTINE)["quarantine"]
    if json:
        show.emit(found)
    else:
        rows = [(q["row"], q["node"], q["at"], q["reason"]) for q in found]
        show.table(("ROW", "AGENT", "CAME", "WHY"), rows, "nothing in quarantine")


def quarantine_replay(row: Annotated[int, typer.Argument(help="Its row, as `quarantine list` shows it.")]) -> None:
    """Try a quarantined report again."""
    asking.ask("mutation R($r: Int!) { replay(row: $r) }", r=row)
    show.out(f"report {row} is queued again")


def journal(
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """Show what was applied last: who, when, what."""
    found = asking.ask(JOURNAL, first=first)["journal"]
    if json:
        show.emit(found)
    else:
        show.table(("SEQ", "AT", "BY", "WHAT"), [(j["seq"], j["at"], j["actor"], j["summary"]) for j in found], "empty")
