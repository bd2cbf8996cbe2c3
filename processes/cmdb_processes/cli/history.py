"""epicentre history, diff: what became of CIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_graphql.client import Client
from cmdb_processes.change import happened
from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import Json

CHANGE = "what values { attribute before after } edges { id type from to opened } edgeCount"
HISTORY = f"""
query History($id: ID!, $first: Int!, $before: Int, $asOf: Moment) {{
  history(id: $id, first: $first, before: $before, asOf: $asOf) {{
    before truncated nodes {{ seq at actor kind summary {CHANGE} }}
  }}
}}
"""
DIFF = f"""
query Diff(
  $from: Moment, $to: Moment, $of: [ID!], $class: String, $first: Int!, $after: String, $proposed: ProposedInput
) {{
  diff(from: $from, to: $to, of: $of, class: $class, first: $first, after: $after, proposed: $proposed) {{
    from to truncated nodes {{ ci class name {CHANGE} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
EDGE = """
query EdgeHistory($id: ID!, $first: Int!, $before: Int, $asOf: Moment) {
  edgeHistory(id: $id, first: $first, before: $before, asOf: $asOf) {
    id type from to open before truncated
    nodes { seq at actor kind summary what because evidence { kind detail confidence firstSeen lastSeen } }
  }
}
"""
SUMMARY = """
query DiffSummary($from: Moment, $to: Moment, $of: [ID!], $class: String, $proposed: ProposedInput) {
  diff(from: $from, to: $to, of: $of, class: $class, first: 1, proposed: $proposed) {
    from to summary { class what count }
  }
}
"""
NAMED = 500
"""CIs whose names are asked for, a hundred in a question; of more, the ids are told."""
BY_ITSELF = frozenset({"report", "sweep"})
"""Kinds of journal entry that nobody gave a reason for."""
PAGE = 40
"""CIs asked for at once; their values and edges are counted as cost too."""
SIGNS = {"created": "+", "retired": "-", "revived": "+", "changed": "~", "linked": "~"}
MOMENT = "a journal sequence, or a time with its zone such as 2030-01-10T22:00Z"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    app.command(
        epilog="Examples: epicentre history neo4j; epicentre history web1 --first 5 --json;"
        " epicentre history web1 --as-of 2030-01-10T22:00Z; epicentre history ed_1c9f"
    )(history)
    app.command(
        epilog="Examples: epicentre diff --from 2030-01-10T22:00Z; epicentre diff --from 17 --to 42 --class Service;"
        " epicentre diff --from 17 db-17; epicentre diff --from 17 --summary; epicentre diff --proposed change.json"
    )(diff)


def history(
    name: Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either; or the id of an edge.")],
    first: Annotated[int, typer.Option(min=1, max=40, help="How many steps.")] = 20,
    before: Annotated[int | None, typer.Option(help="Only steps before this journal sequence.")] = None,
    as_of: Annotated[str | None, typer.Option(help=f"Only steps until a moment: {MOMENT}.")] = None,
    json: Json = False,
) -> None:
    """Show what became of a CI or an edge, newest first: values before and after, edges opened and closed."""
    client = asking.client()
    page = {"first": first, "before": before, "asOf": as_of}
    if name.startswith("ed_"):
        _edge(client, client.ask(EDGE, id=name, **page)["edgeHistory"], json)
        return
    found = client.ask(HISTORY, id=asking.resolve(client, name, retired=True, as_of=as_of)["id"], **page)["history"]
    if json:
        show.emit(found)
        show.follow("--before", found["before"])
        return
    show.short(found)
    names = _names(client, found["nodes"])
    for step in found["nodes"]:
        show.out(f"{step['seq']}  {step['at']}  {step['what']} by {step['actor']}")
        if step["kind"] not in BY_ITSELF:
            show.out(f"    {_text(step['summary'])}")
        _change(step, names)
    if not found["nodes"]:
        show.out("nothing")
    show.follow("--before", found["before"])


def diff(
    names: Annotated[list[str] | None, typer.Argument(help="CIs to compare; the whole estate, if none.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help=f"The earlier moment: {MOMENT}; not with --proposed.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="The later moment; now, if left out.")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="Only CIs of this class.")] = None,
    first: Annotated[int, typer.Option(min=1, help="At most this many CIs.")] = 100,
    proposed: proposals.Proposed = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only how many of each class, and what.")] = False,
    json: Json = False,
) -> None:
    """Show what differs between two moments, or what a proposed state changes: + made, - retired, ~ changed."""
    if (from_ is None) == (proposed is None):
        raise Invalid("name the earlier moment with --from, or a proposed state with --proposed", where="--from")
    client = asking.client()
    steps = proposals.read(client, proposed, to)
    named = (asking.resolve(client, name, retired=True, as_of=to, proposed=steps) for name in names or ())
    of = [one["id"] for one in named] or None
    between = {"from": from_, "of": of, "class": class_, "proposed": steps}
    if summary:
        _summary(client.ask(SUMMARY, **between, to=to)["diff"], steps, json)
        return
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    nodes: list[dict[str, Any]] = []
    while page["hasNextPage"] and len(nodes) < first:
        asked = {**between, "to": to, "first": min(PAGE, first - len(nodes))}
        found = client.ask(DIFF, **asked, after=page["endCursor"])["diff"]
        to, page = str(found["to"]), found["pageInfo"]  # all pages compare with one moment, also if it was now
        nodes += found["nodes"]
    if json:
        told = {name: found[name] for name in ("from", "to", "truncated")}
        show.emit({**told, "nodes": nodes, "more": page["hasNextPage"]})
        return
    show.out(_heading(found, steps))
    called = _names(client, nodes)
    for node in nodes:
        show.out(f"{SIGNS[node['what']]} {node['name']} ({node['class']}, {node['ci']}) {node['what']}")
        _change(node, called)
    if not nodes:
        show.out("no difference")
    if found.get("truncated"):
        show.out(f"CUT SHORT: {found['truncated']}")
    if page["hasNextPage"]:
        show.out(f"CUT SHORT at {first} CIs: name CIs or a class, or give a larger --first")


def _heading(found: dict[str, Any], proposed: dict[str, Any] | None) -> str:
    if proposed is not None:
        return f"on top of sequence {found['to']} the proposed state changes:"
    return f"from sequence {found['from']} to {found['to']}:"


def _summary(found: dict[str, Any], proposed: dict[str, Any] | None, json: bool) -> None:
    if json:
        show.emit(found)
        return
    show.out(_heading(found, proposed))
    rows = [(one["class"], one["what"], one["count"]) for one in found["summary"]]
    show.table(("CLASS", "WHAT", "COUNT"), rows, "no difference")


def _edge(client: Client, found: dict[str, Any], json: bool) -> None:
    if json:
        show.emit(found)
        show.follow("--before", found["before"])
        return
    names = _named(client, [found["from"], found["to"]])
    ends = [f"{names[ci]} ({ci})" if ci in names else ci for ci in (found["from"], found["to"])]
    show.out(f"{ends[0]} {found['type']} {ends[1]}: {'open' if found['open'] else 'closed'}")
    for step in found["nodes"]:
        why = step["evidence"]
        told = "" if why is None else f": {why['kind']} {why['detail']} ({why['confidence']:.2f})"
        show.out(f"{step['seq']}  {step['at']}  {step['what']} by {step['actor']}{told}")
        if step["because"] or step["kind"] not in BY_ITSELF:
            show.out(f"    {_text(step['because'] or step['summary'])}")
    if found["truncated"]:
        show.out(f"CUT SHORT: {found['truncated']}")
    show.follow("--before", found["before"])


def _names(client: Client, changes: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What the ends of changed edges are called, or were when they were retired."""
    return _named(client, [edge[end] for change in changes for edge in change["edges"] for end in ("from", "to")])


def _named(client: Client, cis: Sequence[str]) -> dict[str, str]:
    """The names of CIs by id; what is only proposed has none yet."""
    return happened.named(client.ask, [ci for ci in dict.fromkeys(cis) if ci.startswith("ci_")][:NAMED])


def _change(change: dict[str, Any], names: Mapping[str, str]) -> None:
    for value in change["values"]:
        if change["what"] != "created":
            show.out(f"    {value['attribute']}: {_text(value['before'])} -> {_text(value['after'])}")
    for edge in change["edges"]:
        source, target = (names.get(edge[end], edge[end]) for end in ("from", "to"))
        show.out(f"    {'+' if edge['opened'] else '-'} {source} {edge['type']} {target}")
    if (more := change["edgeCount"] - len(change["edges"])) > 0:
        show.out(f"    and {more} more edges")


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "(none)" if value is None else str(value)
    return text if len(text) <= show.LONGEST else text[: show.LONGEST] + " ..."
