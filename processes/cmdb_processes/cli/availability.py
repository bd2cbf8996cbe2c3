"""epicentre availability: how likely something is down, by what, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import AsOf, Json

MOST_SHOWN = 20
AVAILABILITY = """
query Availability($of: ID!, $beta: Float! = 0, $asOf: Moment, $proposed: ProposedInput) {
  availability(of: $of, beta: $beta, asOf: $asOf, proposed: $proposed) {
    sequence lo hi method minutesLo minutesHi assumptions truncated
    of { id name class } requirement { percent allowedMinutes standing sentence }
    sources { source count } components { ci { id name class } source basis mtbfHours mttrHours q }
    importance { name q birnbaum criticality fussellVesely raw rrw }
    cutCounts { order count } cutSets { names }
  }
}
"""


EFFECT = """
query AvailabilityEffect($of: [ID!]!, $proposed: ProposedInput, $beta: Float! = 0, $asOf: Moment) {
  availabilityEffect(of: $of, proposed: $proposed, beta: $beta, asOf: $asOf) {
    items {
      direction sentence lostMinutesLo lostMinutesHi truncated
      spofsAdded { name } spofsRemoved { name } pairsAdded { names } pairsRemoved { names }
    }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre availability shop; epicentre availability shop --beta 0.05 --json;"
        " epicentre availability shop --figures; epicentre availability shop --proposed change.json;"
        " epicentre availability --open-psa trees/water.xml --top both-pumps"
    )(availability)


def availability(
    name: Annotated[str | None, typer.Argument(help="A CI: its name, id, or the start of either.")] = None,
    beta: Annotated[
        float, typer.Option(help="The share of failures in a redundancy group that takes all its members.")
    ] = 0.0,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    figures: Annotated[bool, typer.Option("--figures", help="Also how often each CI fails, and how that is known.")] = (
        False
    ),
    open_psa: Annotated[
        Path | None, typer.Option("--open-psa", help="Solve a fault tree in Open-PSA XML instead; asks no server.")
    ] = None,
    top: Annotated[str | None, typer.Option(help="The gate to solve; default: the one no other needs.")] = None,
    mission_time: Annotated[
        float, typer.Option(help="Hours the events of a tree run for, where their laws of failure ask.", min=0)
    ] = 8760.0,
    nodes: Annotated[
        int,
        typer.Option(
            help="How large a diagram of a tree may get: above, the answer has bounds.", min=100, max=20_000_000
        ),
    ] = 50_000,
    json: Json = False,
) -> None:
    """Say how likely a CI is up, by what it is brought down, and how much each CI matters; or solve a fault tree."""
    if (name is None) == (open_psa is None):
        raise typer.BadParameter("name a CI, or a file with --open-psa")
    if open_psa is not None:
        answer = solved(open_psa, top, mission_time, nodes)
        show.emit(answer) if json else render_tree(answer)
        return
    assert name is not None
    from cmdb.projection.overlay import NEW

    client = asking.client()
    steps = proposals.read(client, proposed, as_of)
    of = asking.resolve(client, name, retired=as_of is not None, as_of=as_of, proposed=steps)["id"]
    answer = client.ask(AVAILABILITY, of=of, beta=beta, asOf=as_of, proposed=steps)["availability"]
    if steps is not None and not of.startswith(NEW):
        found = client.ask(EFFECT, of=[of], beta=beta, asOf=as_of, proposed=steps)["availabilityEffect"]
        answer["effect"] = found["items"][0]
    show.emit(answer) if json else render(answer, figures)


def solved(file: Path, top: str | None, mission_hours: float, nodes: int) -> dict[str, Any]:
    """The analysis of a fault tree as JSON has it: no infinite numbers, the words of GraphQL."""
    from cmdb.availability import Limits, analyse, read

    found = analyse(read(file.read_bytes(), top, mission_hours), Limits(nodes=nodes))
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


def render(answer: dict[str, Any], figures: bool = False) -> None:
    """The availability of a CI as text: bounds, what is required, causes, importance, what was taken for granted."""
    low, high = f"{answer['minutesLo']:,.1f}", f"{answer['minutesHi']:,.1f}"
    down = f"{low} minutes" if low == high else f"{low} to {high} minutes"
    lo, hi = f"{answer['lo']:.5%}", f"{answer['hi']:.5%}"
    up = lo if lo == hi else f"{lo} to {hi}"
    show.out(f"{answer['of']['name']}: {up} ({answer['method']}), {down} down in a year")
    if answer["requirement"]:
        show.out(answer["requirement"]["sentence"])
    if "effect" in answer:
        _effect(answer["effect"])
    _causes(answer)
    if figures:
        _figures(answer)
    show.out()
    for one in answer["assumptions"]:
        show.out(f"assumed: {one}")
    show.out(f"taken at sequence {answer['sequence']}")


def _effect(effect: dict[str, Any]) -> None:
    """What is proposed against what is."""
    show.out(f"as proposed: {effect['sentence']}")
    for word, names, pairs in (
        ("new", effect["spofsAdded"], effect["pairsAdded"]), ("gone", effect["spofsRemoved"], effect["pairsRemoved"]),
    ):  # fmt: skip
        if names:
            show.out(f"  {word} single points of failure: {', '.join(ci['name'] for ci in names)}")
        if pairs:
            told = [" and ".join(pair["names"]) for pair in pairs[:MOST_SHOWN]]
            more = f"; {len(pairs) - MOST_SHOWN} more" if len(pairs) > MOST_SHOWN else ""
            show.out(f"  {word} pairs that bring it down together: {', '.join(told)}{more}")
    if effect["truncated"]:
        show.out(f"  CUT SHORT: {effect['truncated']}")


def _figures(answer: dict[str, Any]) -> None:
    show.out()
    rows = [
        (
            one["ci"]["name"], one["source"].lower(), "-" if one["mtbfHours"] is None else f"{one['mtbfHours']:,.0f}",
            f"{one['mttrHours']:,.1f}", one["basis"],
        )
        for one in answer["components"][:MOST_SHOWN]
    ]  # fmt: skip
    show.table(("fails", "known by", "MTBF h", "MTTR h", "from"), rows)
    _rest(answer["components"])


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
