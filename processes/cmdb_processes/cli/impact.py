"""epicentre impact: what breaks if these CIs stop, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals

IMPACT = """
query Impact($of: [ID!]!, $asOf: Moment, $proposed: ProposedInput) {
  impact(of: $of, asOf: $asOf, proposed: $proposed) {
    sequence at hash verdict truncated
    of { id name class }
    items {
      ci { id name class } before degree hops reason freshnessSeconds
      path { type from { name } to { id name } evidence { kind detail confidence } ageSeconds }
    }
    atRisk { id name class }
    counts { class degree count }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre impact neo4j; epicentre impact db-17 --also db-18 --json;"
        " epicentre impact db-17 --as-of 2030-01-10T22:00Z; epicentre impact db-17 --proposed change.json"
    )(impact)


def impact(
    name: Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")],
    also: Annotated[list[str] | None, typer.Option(help="Another CI that fails at the same time.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a moment instead of now: a journal sequence, or a time with its zone.")
    ] = None,
    proposed: proposals.Proposed = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Say what breaks if a CI stops (or several together), with the reason and the path."""
    client = asking.client()
    past, steps = as_of is not None, proposals.read(client, proposed)
    ids = [asking.resolve(client, one, retired=past, proposed=steps)["id"] for one in [name, *(also or [])]]
    answer = client.ask(IMPACT, of=ids, asOf=as_of, proposed=steps)["impact"]
    if json:
        show.emit(answer)
    else:
        render(answer)


def render(answer: dict[str, Any]) -> None:
    """The answer as text: verdict, then a tree by witness path, then counts and how sure it is."""
    show.out(answer["verdict"])
    inner: dict[str, list[dict[str, Any]]] = {}
    for item in answer["items"]:
        inner.setdefault(item["path"][0]["to"]["id"], []).append(item)
    for root in answer["of"]:
        show.item("FAILED", f"{root['name']} ({root['class']})")
        _tree(inner, root["id"])
    for ci in answer["atRisk"]:
        show.item("AT RISK", f"{ci['name']}: no redundancy left")
    counts = ", ".join(f"{c['count']} {c['class']} {c['degree'].lower()}" for c in answer["counts"])
    show.out(f"{counts or 'nothing hit'}; taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")


def _tree(inner: dict[str, list[dict[str, Any]]], root: str) -> None:
    """Depth first, with a stack of our own: a chain may be longer than Python's."""
    left = [(1, item) for item in reversed(inner.get(root, []))]
    while left:
        depth, item = left.pop()
        ci, evidence = item["ci"], item["path"][0]["evidence"]
        why = f"{item['reason']}; {evidence['kind']} {evidence['detail']}; {show.ago(item['freshnessSeconds'])}"
        show.item(item["degree"], f"{ci['name']} ({ci['class']}): {why}", depth)
        left += [(depth + 1, one) for one in reversed(inner.get(ci["id"], []))]
