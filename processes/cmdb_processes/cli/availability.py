"""epicentre availability: how likely something is down, by what, and how sure that is."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb_processes.cli import show

MOST_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre availability --open-psa trees/water.xml;"
        " epicentre availability --open-psa trees/water.xml --top both-pumps --json"
    )(availability)


def availability(
    open_psa: Annotated[Path, typer.Option("--open-psa", help="A fault tree in Open-PSA XML to solve.")],
    top: Annotated[str | None, typer.Option(help="The gate to solve; default: the one no other needs.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Solve a fault tree: its top probability, its minimal cut sets by order, and how much each event matters."""
    from cmdb.availability import analyse, read

    answer = figures(asdict(analyse(read(open_psa.read_bytes(), top))))
    if json:
        show.emit(answer)
    else:
        render(answer)


def figures(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as JSON has it: no infinite numbers, and counts with their names."""
    for one in answer["importance"]:
        one["rrw"] = one["rrw"] if isfinite(one["rrw"]) else None
    if answer["cuts"]:
        answer["cuts"]["counts"] = [{"order": order, "count": count} for order, count in answer["cuts"]["counts"]]
    return answer


def render(answer: dict[str, Any]) -> None:
    """The answer as text: probability, cut sets, importance."""
    lo, hi, method = (answer["probability"][key] for key in ("lo", "hi", "method"))
    figure = f"{lo:.9g}" if method == "exact" else f"between {lo:.9g} and {hi:.9g}"
    show.out(f"{answer['top']}: {figure} ({method}), {answer['events']} basic events")
    cuts = answer["cuts"]
    if cuts is None:
        show.out("no minimal cut sets: the tree has a NOT")
    else:
        counts = ", ".join(f"{c['count']} of order {c['order']}" for c in cuts["counts"])
        show.out(f"minimal cut sets: {counts or 'none'}")
        for cut in cuts["listed"][:MOST_SHOWN]:
            show.out(f"  {', '.join(cut)}")
        if len(cuts["listed"]) > MOST_SHOWN:
            show.out(f"  and {len(cuts['listed']) - MOST_SHOWN} more; --json lists {len(cuts['listed'])}")
        if cuts["truncated"]:
            show.out(f"CUT SHORT: {cuts['truncated']}")
    table(answer["importance"])


def table(importance: list[dict[str, Any]]) -> None:
    """The measures, the most critical event first."""
    if not importance:
        return
    rows = [[one["event"], *(_short(one[m]) for m in MEASURES)] for one in importance[:MOST_SHOWN]]
    rows.insert(0, ["event", "q", "Birnbaum", "criticality", "Fussell-Vesely", "RAW", "RRW"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    show.out()
    for row in rows:
        show.out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(importance) > MOST_SHOWN:
        show.out(f"and {len(importance) - MOST_SHOWN} more; --json lists them all")


MEASURES = ("q", "birnbaum", "criticality", "fussell_vesely", "raw", "rrw")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
