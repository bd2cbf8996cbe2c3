"""epicentre tags, ci tag, ci untag, ci expire, ci lifecycle: what people say of any CI."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.edit import RESULT, Name, Reason, say
from cmdb_processes.cli.options import AsOf, Json, Rev

Names = Annotated[list[str], typer.Argument(metavar="CI...", help="CIs: names, ids, or the starts of either.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag, such as env:prod; may be repeated.")]
MANY = "{ sequence summary notes cis { id name tags } }"
TAG = f"""
mutation Tag($ids: [ID!]!, $tags: [String!]!, $reason: String) {{
  done: tagCis(ids: $ids, tags: $tags, reason: $reason) {MANY}
}}
"""
UNTAG = TAG.replace("tagCis", "untagCis")
COUNTS = """
query Tags($prefix: String!, $first: Int!, $after: String, $asOf: Moment, $proposed: ProposedInput) {
  tags(prefix: $prefix, first: $first, after: $after, asOf: $asOf, proposed: $proposed) {
    truncated nodes { tag count } pageInfo { hasNextPage endCursor }
  }
}
"""
EXPIRE = f"""
mutation E($id: ID!, $at: String, $rev: Int, $reason: String) {{
  done: setExpiry(id: $id, at: $at, rev: $rev, reason: $reason) {RESULT}
}}
"""
MOVE = f"""
mutation M($id: ID!, $state: String!, $rev: Int, $reason: String) {{
  done: setLifecycle(id: $id, state: $state, rev: $rev, reason: $reason) {RESULT}
}}
"""


def register(app: typer.Typer) -> None:
    """Offer the commands in the group `ci`, and the list of tags."""
    group = next(one.typer_instance for one in app.registered_groups if one.name == "ci")
    assert group is not None
    group.command(epilog="Example: epicentre ci tag web1 web2 --tag env:prod --tag pci")(tag)
    group.command(epilog="Example: epicentre ci untag web1 --tag pci --reason 'no cards any more'")(untag)
    group.command(
        epilog="Examples: epicentre ci expire web1 --at 2030-01-31T00:00:00Z; epicentre ci expire web1 --never"
    )(expire)
    group.command(epilog="Example: epicentre ci lifecycle web1 in_repair --reason 'fan failed'")(lifecycle)
    app.command(epilog="Examples: epicentre tags; epicentre tags env:; epicentre tags --as-of 2026-11-01T00:00:00Z")(
        tags
    )


def tag(names: Names, tags: Tags = None, reason: Reason = None, json: Json = False) -> None:
    """Put tags on CIs, all or none of them."""
    _many(TAG, names, tags, reason, json)


def untag(names: Names, tags: Tags = None, reason: Reason = None, json: Json = False) -> None:
    """Take tags back that people put on CIs."""
    _many(UNTAG, names, tags, reason, json)


def _many(document: str, names: list[str], tags: list[str] | None, reason: str | None, json: bool) -> None:
    client = asking.client()
    ids = [asking.resolve(client, name)["id"] for name in names]
    done: dict[str, Any] = client.ask(document, ids=ids, tags=tags or [], reason=reason)["done"]
    show.done(done, f"{done['summary']} (sequence {done['sequence']})", json)
    for note in () if json else done["notes"]:
        show.out(f"  {note}")


def tags(
    prefix: Annotated[str, typer.Argument(help="Only tags that start with this.")] = "",
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 100,
    after: Annotated[str | None, typer.Option(help="The last tag of the page before.")] = None,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """List the tags in use, with the number of live CIs that carry each."""
    client = asking.client()
    state = {"asOf": as_of, "proposed": proposals.read(client, proposed, as_of)}
    found = client.ask(COUNTS, prefix=prefix, first=first, after=after, **state)["tags"]
    if json:
        show.emit(found)
    else:
        show.table(("TAG", "CIS"), [(one["tag"], one["count"]) for one in found["nodes"]], "no tags")
    show.short(found)
    show.more(found, "--after")


def expire(
    name: Name,
    at: Annotated[str | None, typer.Option(help="When, ISO 8601 with a time zone.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Take the day back.")] = False,
    rev: Rev = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Let a CI be retired by itself at a moment; a later report of an agent revives it."""
    if (at is None) is not never:
        raise Invalid("say either --at TIME or --never", where="--at")
    client = asking.client()
    say(client.ask(EXPIRE, id=asking.resolve(client, name)["id"], at=at, rev=rev, reason=reason)["done"], json)


def lifecycle(
    name: Name,
    state: Annotated[str, typer.Argument(help="One of its class's states, such as in_repair.")],
    rev: Rev = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Move a CI to a state of its class's lifecycle; `retired` and what lies behind it retire it."""
    client = asking.client()
    ci = asking.resolve(client, name, retired=True)
    say(client.ask(MOVE, id=ci["id"], state=state, rev=rev, reason=reason)["done"], json)
