"""epicentre impact: what breaks if these CIs stop, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show

IMPACT = """
query Impact($of: [ID!]!, $asOf: Moment, $alsoDown: [ID!], $degraded: [ID!], $context: Boolean! = true) {
  impact(of: $of, asOf: $asOf, alsoDown: $alsoDown, degraded: $degraded, context: $context) {
    sequence at hash verdict truncated users seenLately
    of { id name class }
    items {
      ci { id name class } before degree hops reason line atRisk risk redundancy { rule needed left of }
      freshnessSeconds path { type from { name } to { id name } evidence { kind detail confidence } ageSeconds }
    }
    atRisk { id name class }
    risks { ci { id name class } reason line redundancy { rule needed left of } }
    services { id name }
    context { ci { id name class } degree }
    problems { ci { id name class } rule why }
    counts { class degree count }
  }
}
"""
Names = list[str] | None


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre impact neo4j; epicentre impact db-17 --also db-18 --json;"
        " epicentre impact db-17 --as-of 2030-01-10T22:00Z; epicentre impact db-17 --already-down db-18"
    )(impact)


def impact(
    name: Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")],
    also: Annotated[Names, typer.Option(help="Another CI that fails at the same time.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a moment instead of now: a journal sequence, or a time with its zone.")
    ] = None,
    already_down: Annotated[Names, typer.Option(help="A CI to take as down before, such as by another change.")] = None,
    already_degraded: Annotated[Names, typer.Option(help="A CI to take as degraded before.")] = None,
    without_outages: Annotated[
        bool, typer.Option("--without-outages", help="As if all was well before: present outages do not count.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Say what breaks if a CI stops (or several together), with the reason and the path."""
    client = asking.client()
    past = as_of is not None

    def ids(names: Names) -> list[str]:
        return [asking.resolve(client, one, retired=past)["id"] for one in names or ()]

    given = {"alsoDown": ids(already_down), "degraded": ids(already_degraded), "context": not without_outages}
    answer = client.ask(IMPACT, of=ids([name, *(also or [])]), asOf=as_of, **given)["impact"]
    if json:
        show.emit(answer)
    else:
        render(answer)


def render(answer: dict[str, Any]) -> None:
    """The answer as text: verdict, then a tree by witness path, then risks, problems, counts and how sure it is."""
    show.out(answer["verdict"])
    inner: dict[str, list[dict[str, Any]]] = {}
    for item in answer["items"]:
        inner.setdefault(item["path"][0]["to"]["id"], []).append(item)
    for root in answer["of"]:
        show.item("FAILED", f"{root['name']} ({root['class']})")
        _tree(inner, root["id"])
    hit = {item["ci"]["id"] for item in answer["items"]}
    for risk in answer["risks"]:
        if risk["ci"]["id"] not in hit:
            show.item("AT RISK", risk["line"])
    _beside(answer)
    counts = ", ".join(f"{c['count']} {c['class']} {c['degree'].lower()}" for c in answer["counts"])
    show.out(f"{counts or 'nothing hit'}; taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")


def _beside(answer: dict[str, Any]) -> None:
    """What was so before, what is wrong with declared redundancy, and whom it touches."""
    for one in answer["context"]:
        show.out(f"before: {one['ci']['name']} ({one['ci']['class']}) is {one['degree'].lower()} already")
    for problem in answer["problems"]:
        show.out(f"problem: {problem['ci']['name']}: {problem['rule']}: {problem['why']}")
    if answer["services"]:
        users = "" if answer["users"] is None else f", used by {answer['users']:,} people"
        show.out(f"services: {', '.join(one['name'] for one in answer['services'])}{users}")


def _tree(inner: dict[str, list[dict[str, Any]]], root: str) -> None:
    """Depth first, with a stack of our own: a chain may be longer than Python's."""
    left = [(1, item) for item in reversed(inner.get(root, []))]
    while left:
        depth, item = left.pop()
        evidence = item["path"][0]["evidence"]
        why = f"{evidence['kind']} {evidence['detail']}; {show.ago(item['freshnessSeconds'])}"
        show.item(item["degree"], f"{item['line']}; {why}", depth)
        left += [(depth + 1, one) for one in reversed(inner.get(item["ci"]["id"], []))]
