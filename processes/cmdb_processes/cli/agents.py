"""epicentre agents: who reports, who may, and which machine is which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

AGENT = "node host state site owner enrolledAt lastSeen"
CONFLICT = "id node hostname outcome reason candidates openedAt trace"
ENROL = (
    "mutation E($s: String!, $o: String!, $c: Boolean!) { createEnrolmentToken(site: $s, owner: $o, collector: $c) }"
)
RESOLVE = "mutation R($i: ID!, $d: String!) { resolveConflict(id: $i, decision: $d) }"
REVOKE = "mutation R($n: ID!) { revokeAgent(node: $n) }"


def register(app: typer.Typer) -> None:
    """Offer the commands; `epicentre agents` alone lists."""
    group = typer.Typer(help="Enrolled agents.", invoke_without_command=True, rich_markup_mode=None)

    @group.callback()
    def alone(context: typer.Context, json: Json = False) -> None:
        if context.invoked_subcommand is None:
            list_(json)

    group.command("list", epilog="Example: epicentre agents list")(list_)
    group.command(epilog="Example: epicentre agents token --out token")(token)
    group.command(epilog="Example: epicentre agents revoke nd_abc")(revoke)
    group.command(epilog="Example: epicentre agents conflicts --json")(conflicts)
    group.command(epilog="Example: epicentre agents resolve cf_abc distinct")(resolve)
    app.add_typer(group, name="agents")


def list_(json: Json = False) -> None:
    """List agents and when they last reported."""
    found = asking.every("agents", AGENT)
    if json:
        show.emit(found)
    else:
        rows = [(a["node"], a["host"], a["state"], a["lastSeen"], a["site"], a["owner"]) for a in found]
        show.table(("AGENT", "HOST", "STATE", "LAST SEEN", "SITE", "OWNER"), rows, "no agents")


def token(
    site: Annotated[str, typer.Option(help="The site the agent will belong to.")] = "",
    owner: Annotated[str, typer.Option(help="Who owns the agent's host.")] = "",
    collector: Annotated[bool, typer.Option("--collector", help="For a collector, which looks at others.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write it to this new file (0600) instead of stdout.")] = None,
    json: Json = False,
) -> None:
    """Make a one-off enrolment token, good for an hour."""
    show.secret(lambda: str(asking.ask(ENROL, s=site, o=owner, c=collector)["createEnrolmentToken"]), out, json)


def revoke(
    node: Annotated[str, typer.Argument(help="The agent, as `agents list` shows it.")], json: Json = False
) -> None:
    """Send an agent away; its next request is refused."""
    asking.ask(REVOKE, n=node)
    show.done({"revoked": node}, f"agent {node} is revoked", json)


def conflicts(json: Json = False) -> None:
    """List identities that wait for your word, with the reason."""
    found = asking.every("conflicts", CONFLICT)
    if json:
        show.emit(found)
    else:
        rows = [(c["id"], c["node"], c["hostname"], c["reason"]) for c in found]
        show.table(("CONFLICT", "AGENT", "HOST", "WHY"), rows, "no conflicts")


def resolve(
    conflict: Annotated[str, typer.Argument(help="The conflict, as `agents conflicts` shows it.")],
    decision: Annotated[
        str, typer.Argument(help="same: one machine, the new agent takes over; distinct: two machines.")
    ],
    json: Json = False,
) -> None:
    """Say whether a conflict's machines are the same or distinct."""
    asking.ask(RESOLVE, i=conflict, d=decision)
    show.done({"resolved": conflict, "decision": decision}, f"{conflict} is resolved: {decision}", json)
