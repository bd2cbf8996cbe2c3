"""epicentre watch: what happens to a CI, as it happens."""

from __future__ import annotations

import json as json_module
import sys
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import JsonLines

CHANGED = """
subscription Watch($of: [ID!], $class: String) {
  ciChanged(of: $of, class: $class) { seq at actor kind summary cis { id name class status } truncated }
}
"""
IMPACT = """
subscription WatchImpact($of: [ID!]!) {
  impactChanged(of: $of) { sequence at verdict hash items { ci { id name class } degree reason } truncated }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre watch web1; epicentre watch --class Service; epicentre watch neo4j --impact --json"
    )(watch)


def watch(
    name: Annotated[str | None, typer.Argument(help="Id, name or the start of either; all CIs, if left out.")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="Only CIs of this class.")] = None,
    impact: Annotated[bool, typer.Option("--impact", help="Tell when its blast radius is another one.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many changes.")] = None,
    json: JsonLines = False,
) -> None:
    """Print changes of a CI as they come, until Ctrl-C."""
    from cmdb_graphql.listener import listen

    if impact and (name is None or class_ is not None):
        raise Invalid("--impact watches one CI: name it, without --class", where="--impact")
    client = asking.client()
    given: dict[str, Any] = {} if name is None else {"of": [asking.resolve(client, name)["id"]]}
    if class_ is not None:
        given["class"] = class_
    show.note("watching; Ctrl-C ends it")
    answers = listen(client.url, client.token, IMPACT if impact else CHANGED, **given)
    for number, answer in enumerate(answers, start=1):
        (one,) = answer.values()
        if json:
            sys.stdout.write(json_module.dumps(one, ensure_ascii=True) + "\n")
        elif impact:
            show.out(f"{one['at']}  {one['verdict']}")
        else:
            _print(one)
        sys.stdout.flush()
        if number == count:
            return


def _print(change: dict[str, Any]) -> None:
    show.out(f"{change['seq']}  {change['at']}  {change['actor']}: {change['summary']}")
    for ci in change["cis"]:
        gone = " (retired)" if ci["status"] == "retired" else ""
        show.out(f"    {ci['name']} ({ci['class']}){gone}")
    if change["truncated"]:
        show.out(f"    {change['truncated']}")
