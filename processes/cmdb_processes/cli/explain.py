"""epicentre explain: which fewest failures explain these symptoms."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import AsOf, Json

EXPLAIN = """
query Explain($symptoms: [ID!]!, $healthy: [ID!], $days: Float!, $hops: Int!, $asOf: Moment) {
  explain(symptoms: $symptoms, healthy: $healthy, days: $days, hops: $hops, asOf: $asOf) {
    sequence truncated
    items {
      cis { id name class } extraCount extra { id name }
      score changeCount changes { ci { id name } sequence at actor summary }
    }
  }
}
"""
NAMED = 5


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre explain web-1 web-2; epicentre explain shop mail --healthy crm --days 2;"
        " epicentre explain shop --as-of 2030-01-10T22:00Z --json"
    )(explain)


def explain(
    symptoms: Annotated[list[str], typer.Argument(help="CIs that are seen down: names, ids, or the start of either.")],
    healthy: Annotated[list[str] | None, typer.Option(help="A CI that is known to be well.")] = None,
    days: Annotated[float, typer.Option(min=0, max=366, help="Changes of so many days back count.")] = 7.0,
    hops: Annotated[int, typer.Option(min=0, max=8, help="Also those so many dependencies below a candidate.")] = 2,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Name the smallest sets of CIs whose failure explains all symptoms, the likeliest first."""
    client, past = asking.client(), as_of is not None
    ill, well = (
        [asking.resolve(client, one, retired=past, as_of=as_of)["id"] for one in names]
        for names in (symptoms, healthy or [])
    )
    answer = client.ask(EXPLAIN, symptoms=ill, healthy=well, days=days, hops=hops, asOf=as_of)["explain"]
    show.emit(answer) if json else render(answer)


def render(answer: dict[str, Any]) -> None:
    """As text: each set, whom else it would take down, and what was changed near it."""
    if not answer["items"]:
        show.out("No failure known here explains all of that.")
    for place, one in enumerate(answer["items"], 1):
        cis = " and ".join(f"{ci['name']} ({ci['class']})" for ci in one["cis"])
        show.out(f"{place}. {cis}: {_extra(one)}")
        for change in one["changes"]:
            show.out(f"     {change['at'][:16]}Z {change['ci']['name']}: {change['summary']}, by {change['actor']}")
        if one["changeCount"] > len(one["changes"]):
            show.out(f"     and {one['changeCount'] - len(one['changes'])} more changes")
    show.out(f"taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")


def _extra(one: dict[str, Any]) -> str:
    names = [ci["name"] for ci in one["extra"][:NAMED]]
    if not names:
        return "takes nobody else down"
    more = one["extraCount"] - len(names)
    return f"would take down {', '.join(names)}{f' and {more} more' if more else ''} as well"
