"""epicentre webhook: who is told of what the journal says, and how it went."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

Id = Annotated[str, typer.Argument(help="The webhook, as `webhook list` shows it.")]
HOOK = "id url events description state reason toldUpTo failures nextTry createdBy createdAt"
TRY = "row message seq at status milliseconds answer"
LIST = f"{{ webhooks {{ {HOOK} }} }}"
DELIVERIES = f"""
query D($i: ID!, $n: Int!, $b: Int) {{
  webhookDeliveries(id: $i, first: $n, before: $b) {{ nodes {{ {TRY} }} pageInfo {{ hasNextPage endCursor }} }}
}}
"""
ADD = f"""
mutation A($u: String!, $e: [String!], $d: String!) {{
  createWebhook(url: $u, events: $e, description: $d) {{ secret webhook {{ {HOOK} }} }}
}}
"""
PING = f"mutation P($i: ID!) {{ pingWebhook(id: $i) {{ {TRY} }} }}"
REMOVE = "mutation R($i: ID!) { removeWebhook(id: $i) }"
PAUSE = "mutation P($i: ID!) { pauseWebhook(id: $i) { id state } }"
RESUME = "mutation R($i: ID!) { resumeWebhook(id: $i) { id state } }"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Webhooks: be told of changes.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list", epilog="Example: epicentre webhook list")(list_)
    group.command(epilog="Example: epicentre webhook add https://chat.example/hook --event ci.retired --out secret")(
        add
    )
    group.command(epilog="Example: epicentre webhook ping wh_0123456789abcdef0123")(ping)
    group.command(epilog="Example: epicentre webhook deliveries wh_0123456789abcdef0123 --first 5")(deliveries)
    group.command(epilog="Example: epicentre webhook pause wh_0123456789abcdef0123")(pause)
    group.command(epilog="Example: epicentre webhook resume wh_0123456789abcdef0123")(resume)
    group.command(epilog="Example: epicentre webhook remove wh_0123456789abcdef0123")(remove)
    app.add_typer(group, name="webhook")


def list_(json: Json = False) -> None:
    """List webhooks and how they do."""
    found = asking.ask(LIST)["webhooks"]
    if json:
        show.emit(found)
    else:
        rows = [(h["id"], _state(h), h["toldUpTo"], ", ".join(h["events"]), h["url"]) for h in found]
        show.table(("WEBHOOK", "STATE", "TOLD UP TO", "EVENTS", "URL"), rows, "no webhooks")


def _state(hook: dict[str, Any]) -> str:
    if hook["state"] == "failing":
        return f"failing ({hook['failures']}x, next {hook['nextTry']})"
    return f"paused: {hook['reason']}" if hook["reason"] else str(hook["state"])


def add(
    url: Annotated[str, typer.Argument(help="Where to post: https://..., or http://... inside a named network.")],
    event: Annotated[
        list[str] | None, typer.Option(help="A kind of event: ci.retired, edge.*, record, ...; default: all.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write the secret to this new file (0600) instead of stdout.")
    ] = None,
    json: Json = False,
) -> None:
    """Have journal entries from now on posted to a URL, signed; the secret is shown this once."""

    def make() -> str:
        made = asking.ask(ADD, u=url, e=event, d=description)["createWebhook"]
        show.note(f"{made['webhook']['id']} is told of {', '.join(made['webhook']['events'])}; its secret:")
        return str(made["secret"])

    show.secret(make, out, json)


def ping(webhook: Id, json: Json = False) -> None:
    """Send a test now; exit code 2 when the receiver does not take it."""
    tried = asking.ask(PING, i=webhook)["pingWebhook"]
    taken = tried["status"] is not None and 200 <= tried["status"] < 300
    word = "taken" if taken else "not taken"
    show.done(tried, f"{word}: {_came(tried)} in {tried['milliseconds']} ms", json)
    if not taken:
        raise typer.Exit(2)


def _came(tried: dict[str, Any]) -> str:
    return f"HTTP {tried['status']}" if tried["status"] is not None else str(tried["answer"])


def deliveries(
    webhook: Id,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(help="Only tries before this row of the log.")] = None,
    json: Json = False,
) -> None:
    """Show the last tries, newest first."""
    page = asking.ask(DELIVERIES, i=webhook, n=first, b=before)["webhookDeliveries"]
    found = page["nodes"]
    if json:
        show.emit(found)
    else:
        rows = [(t["at"], "test" if t["seq"] is None else t["seq"], t["milliseconds"], _came(t)) for t in found]
        show.table(("AT", "SEQ", "MS", "CAME BACK"), rows, "nothing was sent yet")
    show.more(page, "--before")


def pause(webhook: Id, json: Json = False) -> None:
    """Send it nothing until it is resumed; the journal keeps what it misses."""
    asking.ask(PAUSE, i=webhook)
    show.done({"paused": webhook}, f"{webhook} is paused", json)


def resume(webhook: Id, json: Json = False) -> None:
    """Go on where it was left."""
    asking.ask(RESUME, i=webhook)
    show.done({"resumed": webhook}, f"{webhook} goes on where it was left", json)


def remove(webhook: Id, json: Json = False) -> None:
    """Forget a webhook and its log."""
    asking.ask(REMOVE, i=webhook)
    show.done({"removed": webhook}, f"{webhook} is removed", json)
