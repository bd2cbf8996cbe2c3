"""Webhooks: who is told of the journal, and how it went."""

from __future__ import annotations

from datetime import UTC, datetime

import strawberry

from cmdb.webhooks import Attempt, Hook
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, question, readable_by, whole
from cmdb_graphql.pages import Connection, fetched, number_of
from cmdb_graphql.types import After, page_size


@readable_by(Role.ADMIN)
@strawberry.type(description="Somebody's wish to be sent what the journal says.")
class Webhook:
    """A webhook."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    url: str = strawberry.field(description="Where messages are posted to.")
    events: list[str] = strawberry.field(
        description="Kinds of events it wants; ci.* and * name several.", metadata=whole("as it was asked for")
    )
    description: str = strawberry.field(description="What it is for.")
    created_by: str = strawberry.field(description="Who made it.")
    created_at: str = strawberry.field(description="Since when, ISO 8601 UTC.")
    state: str = strawberry.field(description="active, failing (it is tried again later) or paused.")
    reason: str | None = strawberry.field(description="Why it is paused.")
    told_up_to: int = strawberry.field(description="The journal sequence it has been told of.")
    failures: int = strawberry.field(description="Tries in a row that failed.")
    next_try: str | None = strawberry.field(description="When it is tried again while failing, ISO 8601 UTC.")


@readable_by(Role.ADMIN)
@strawberry.type(description="A webhook just made, with its secret.")
class NewWebhook:
    """A new webhook."""

    webhook: Webhook = strawberry.field(description="The webhook.")
    secret: str = strawberry.field(description="The key of its signatures (whsec_…), shown this once.")


@readable_by(Role.ADMIN)
@strawberry.type(description="One try to deliver a message.")
class WebhookDelivery:
    """A try."""

    row: int = strawberry.field(description="Its number in the log.")
    message: str = strawberry.field(description="The message's id, the same in every try.")
    seq: int | None = strawberry.field(description="The journal sequence it is about; null: a test.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    status: int | None = strawberry.field(description="The HTTP status; null: there was no answer.")
    milliseconds: int = strawberry.field(description="How long it took.")
    answer: str = strawberry.field(description="The beginning of what came back, or why nothing did.")


def _shown(hook: Hook) -> Webhook:
    tried = datetime.fromtimestamp(hook.next_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Webhook(
        id=strawberry.ID(hook.id), url=hook.url, events=list(hook.events), description=hook.description,
        created_by=hook.created_by, created_at=hook.created_at, state=hook.state, reason=hook.paused,
        told_up_to=hook.cursor, failures=hook.failures, next_try=tried if hook.state == "failing" else None,
    )  # fmt: skip


def _tried(one: Attempt) -> WebhookDelivery:
    return WebhookDelivery(
        row=one.row, message=one.message, seq=one.seq, at=one.at, status=one.status,
        milliseconds=one.milliseconds, answer=one.answer,
    )  # fmt: skip


@question(Role.ADMIN, complete="there are at most 100")
async def webhooks(info: Info) -> list[Webhook]:
    """Every webhook, oldest first; there are at most 100."""
    return [_shown(hook) for hook in await blocking(info.context.services.courier.hooks.all)]


@question(Role.ADMIN, arguments={"id": "The webhook.", "before": "Only tries with a smaller number in the log."})
async def webhook_deliveries(
    info: Info,
    id: strawberry.ID,  # noqa: A002  # the schema's word
    first: int = 20,
    before: int | None = None,
    after: After = None,
) -> Connection[WebhookDelivery]:
    """Tries to deliver to a webhook, newest first; the last 500 are kept."""
    hooks, size = info.context.services.courier.hooks, page_size(first)
    found = await blocking(hooks.attempts, str(id), size + 1, number_of(after, before))
    return fetched(found, size, _tried, lambda one: str(one.row))


@command(
    Role.ADMIN,
    arguments={
        "url": "Where to post: https://…, or http://… inside EPICENTRE_WEBHOOK_NETWORKS.",
        "events": "Kinds of events, such as ci.retired, edge.* or record; all, if left out.",
        "description": "What it is for.",
    },
)
async def create_webhook(info: Info, url: str, events: list[str] | None = None, description: str = "") -> NewWebhook:
    """Have every journal entry from now on that holds a wanted event posted to a URL, signed, in order."""
    courier, who = info.context.services.courier, info.context.principal.name
    made, secret = await blocking(courier.create, url, events or [], by=who, description=description)
    return NewWebhook(webhook=_shown(made), secret=secret)


@command(Role.ADMIN, arguments={"id": "The webhook."})
async def remove_webhook(info: Info, id: strawberry.ID) -> bool:  # noqa: A002  # the schema's word
    """Forget a webhook and its log."""
    await blocking(info.context.services.courier.hooks.remove, str(id))
    return True


@command(Role.ADMIN, arguments={"id": "The webhook."})
async def pause_webhook(info: Info, id: strawberry.ID) -> Webhook:  # noqa: A002  # the schema's word
    """Send it nothing until it is resumed; the journal keeps what it misses."""
    hooks = info.context.services.courier.hooks
    await blocking(hooks.pause, str(id), f"paused by {info.context.principal.name}")
    return _shown(await blocking(hooks.one, str(id)))


@command(Role.ADMIN, arguments={"id": "The webhook."})
async def resume_webhook(info: Info, id: strawberry.ID) -> Webhook:  # noqa: A002  # the schema's word
    """Go on where it was left, at once."""
    hooks = info.context.services.courier.hooks
    await blocking(hooks.resume, str(id))
    return _shown(await blocking(hooks.one, str(id)))


@command(Role.ADMIN, arguments={"id": "The webhook."})
async def ping_webhook(info: Info, id: strawberry.ID) -> WebhookDelivery:  # noqa: A002  # the schema's word
    """Send a test now and say what came back."""
    return _tried(await blocking(info.context.services.courier.ping, str(id)))
