"""epicentre ci why: why a CI is one CI, and whose word each of its values is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

Name = Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")]
WIDEST = 80
"""Characters of a value in the table; `--json` has it whole."""
WHY = """
query Why($id: ID!) {
  ci(id: $id) {
    id name class status rev staleSince mergedInto { id name }
    identityTrace {
      outcome reason rule keys source since candidates
      steps { rule result } refused { key value reason } merged { id at by reason }
    }
    claims { scope kind since values { attribute value wins until } }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command in the group `ci`."""
    group = next(one.typer_instance for one in app.registered_groups if one.name == "ci")
    assert group is not None
    group.command("why", epilog="Examples: epicentre ci why web1; epicentre ci why web1 --json")(why)


def why(name: Name, json: Json = False) -> None:
    """Show why a CI is one CI (rules, keys, refusals, merges), and who says what of it; * marks what is in effect."""
    client = asking.client()
    ci = client.ask(WHY, id=asking.resolve(client, name, retired=True)["id"])["ci"]
    if json:
        show.emit(ci)
        return
    stale = f", stale since {ci['staleSince']}" if ci["staleSince"] else ""
    into = f": merged into {one['name']} ({one['id']})" if (one := ci["mergedInto"]) else ""
    show.out(f"{ci['name']} ({ci['class']}, {ci['id']}) is {ci['status']}{stale}{into}")
    for trace in ci["identityTrace"]:
        _trace(trace)
    for one in ci["identityTrace"][:1]:
        for merged in one["merged"]:
            show.out(f"merged: {merged['id']} by {merged['by']} at {merged['at']}: {merged['reason']}")
    rows = [
        ("*" if value["wins"] else "", value["attribute"], _text(value["value"]), claim["scope"], value["until"])
        for claim in ci["claims"]
        for value in claim["values"]
    ]
    show.out()
    show.table(("", "ATTRIBUTE", "VALUE", "SAID BY", "UNTIL"), sorted(rows, key=lambda r: r[1]), "nobody says anything")


def _trace(trace: dict[str, Any]) -> None:
    of = f" for {trace['source']}, at sequence {trace['since']}" if trace["source"] else ""
    show.out(f"identity: {trace['reason']} ({trace['outcome']}{of})")
    for step in trace["steps"]:
        show.out(f"  {step['rule']}: {step['result']}")
    for refused in trace["refused"]:
        show.out(f"  not used: {refused['key']} {refused['value']!r}, {refused['reason']}")


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "(none)" if value is None else str(value)
    return text if len(text) <= WIDEST else text[:WIDEST] + " ..."
