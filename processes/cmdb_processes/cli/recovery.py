"""epicentre recovery: in which order to start again what went down."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import AsOf, Json

ORDER = """
query Recovery(
  $of: [ID!]!, $first: Int!, $after: String, $alsoDown: [ID!], $asOf: Moment, $proposed: ProposedInput
) {
  recoveryOrder(of: $of, first: $first, after: $after, alsoDown: $alsoDown, asOf: $asOf, proposed: $proposed) {
    sequence count waves stuck truncated
    nodes { wave ci { id name class } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre recovery db-17; epicentre recovery sw-1 sw-2 --json;"
        " epicentre recovery rack-4 --down ups-2 --first 1000"
    )(recovery)


def recovery(
    names: Annotated[list[str], typer.Argument(help="CIs that failed: names, ids, or the start of either.")],
    down: Annotated[list[str] | None, typer.Option(help="A CI that stays down meanwhile.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100_000, help="So many CIs at most.")] = 1000,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """Say in which order to start again what is down when these CIs failed together."""
    client, past = asking.client(), as_of is not None
    steps = proposals.read(client, proposed, as_of)
    failed = [asking.resolve(client, one, retired=past, as_of=as_of, proposed=steps)["id"] for one in names]
    staying = [asking.resolve(client, one, retired=past, as_of=as_of, proposed=steps)["id"] for one in down or []]
    asked = {"of": failed, "alsoDown": staying, "asOf": as_of, "proposed": steps}
    answer = asking.whole(client, ORDER, "recoveryOrder", first, asked)
    show.emit(answer) if json else render(answer)


def render(answer: dict[str, Any]) -> None:
    """As text: wave by wave, then what is stuck."""
    waves: dict[int | None, list[str]] = defaultdict(list)
    for one in answer["nodes"]:
        waves[one["wave"]].append(f"{one['ci']['name']} ({one['ci']['class']})")
    cis, several = "CI" if answer["count"] == 1 else "CIs", "wave" if answer["waves"] == 1 else "waves"
    show.out(f"{answer['count']} {cis} to start again, in {answer['waves']} {several}:")
    for wave, names in waves.items():
        head = f"{wave}." if wave else "stuck, since they need each other or what stays down:"
        show.out(f"{head} {', '.join(names)}")
    if answer["pageInfo"]["hasNextPage"]:
        show.out(f"  and {answer['count'] - len(answer['nodes'])} more; --first has them")
    show.out(f"taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")
