"""epicentre availability: how likely something is down, by what, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show

MOST_SHOWN = 20
AVAILABILITY = """
query Availability($of: ID!, $beta: Float! = 0, $asOf: Moment) {
  availability(of: $of, beta: $beta, asOf: $asOf) {
    sequence lo hi method minutesLo minutesHi assumptions truncated
    of { id name class }
    importance { name q birnbaum criticality fussellVesely raw rrw }
    cutCounts { order count } cutSets { names }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre availability shop; epicentre availability shop --beta 0.05 --json;"
        " epicentre availability --open-psa trees/water.xml --top both-pumps"
    )(availability)


def availability(
    name: Annotated[str | None, typer.Argument(help="A CI: its name, id, or the start of either.")] = None,
    beta: Annotated[
        float, typer.Option(help="The share of failures in a redundancy group that takes all its members.")
    ] = 0.0,
    as_of: Annotated[
        str | None, typer.Option(help="As of a moment instead of now: a journal sequence, or a time with its zone.")
    ] = None,
    open_psa: Annotated[
        Path | None, typer.Option("--open-psa", help="Solve a fault tree in Open-PSA XML instead; asks no server.")
    ] = None,
    top: Annotated[str | None, typer.Option(help="The gate to solve; default: the one no other needs.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Say how likely a CI is up, by what it is brought down, and how much each CI matters; or solve a fault tree."""
    if (name is None) == (open_psa is None):
        raise typer.BadParameter("name a CI, or a file with --open-psa")
    if open_psa is not None:
        answer = solved(open_psa, top)
        show.emit(answer) if json else render_tree(answer)
        return
    assert name is not None
    client = asking.client()
    of = asking.resolve(client, name, retired=as_of is not None)["id"]
    answer = client.ask(AVAILABILITY, of=of, beta=beta, asOf=as_of)["availability"]
    show.emit(answer) if json else render(answer)


def solved(file: Path, top: str | None) -> dict[str, Any]:
    """The analysis of a fault tree as JSON has it: no infinite numbers, the words of GraphQL."""
    from cmdb.availability import analyse, read

    found = analyse(read(file.read_bytes(), top))
    cuts = found.cuts
    return {
        "top": found.top,
        "events": found.events,
        **asdict(found.probability),
        "cutCounts": cuts and [{"order": order, "count": count} for order, count in cuts.counts],
        "cutSets": cuts and [{"names": list(cut)} for cut in cuts.listed],
        "importance": [
            {
                "name": one.event, "q": one.q, "birnbaum": one.birnbaum, "criticality": one.criticality,
                "fussellVesely": one.fussell_vesely, "raw": one.raw, "rrw": one.rrw if isfinite(one.rrw) else None,
            }
            for one in found.importance
        ],
        "truncated": cuts and cuts.truncated,
    }  # fmt: skip


def render_tree(answer: dict[str, Any]) -> None:
    """The analysis of a tree as text."""
    figure = f"{answer['lo']:.9g}"
    if answer["method"] != "exact":
        figure = f"between {figure} and {answer['hi']:.9g}"
    show.out(f"{answer['top']}: {figure} ({answer['method']}), {answer['events']} basic events")
    _causes(answer)


def render(answer: dict[str, Any]) -> None:
    """The availability of a CI as text: bounds, causes, importance, what was taken for granted."""
    low, high = f"{answer['minutesLo']:,.1f}", f"{answer['minutesHi']:,.1f}"
    down = f"{low} minutes" if low == high else f"{low} to {high} minutes"
    lo, hi = f"{answer['lo']:.5%}", f"{answer['hi']:.5%}"
    up = lo if lo == hi else f"{lo} to {hi}"
    show.out(f"{answer['of']['name']}: {up} ({answer['method']}), {down} down in a year")
    _causes(answer)
    show.out()
    for one in answer["assumptions"]:
        show.out(f"assumed: {one}")
    show.out(f"taken at sequence {answer['sequence']}")


def _causes(answer: dict[str, Any]) -> None:
    counts, sets = answer["cutCounts"], answer["cutSets"]
    if counts is None:
        show.out("no minimal cut sets: the tree has a NOT")
    else:
        text = ", ".join(f"{one['count']:.0f} of order {one['order']}" for one in counts)
        show.out(f"minimal cut sets: {text or 'none'}")
        for cut in sets[:MOST_SHOWN]:
            show.out(f"  {', '.join(cut['names'])}")
        _rest(sets)
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")
    if answer["importance"]:
        show.out()
        rows = [[one["name"], *(_short(one[m]) for m in MEASURES)] for one in answer["importance"][:MOST_SHOWN]]
        show.table(("cause", "q", "Birnbaum", "criticality", "Fussell-Vesely", "RAW", "RRW"), rows)
        _rest(answer["importance"])


MEASURES = ("q", "birnbaum", "criticality", "fussellVesely", "raw", "rrw")


def _rest(shown: Sequence[Any]) -> None:
    if len(shown) > MOST_SHOWN:
        show.out(f"  and {len(shown) - MOST_SHOWN} more; --json has them")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
