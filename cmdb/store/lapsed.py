"""When CIs were down by what they needed then: what the graph remembers of it, in few round trips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.availability.downtime import Dated, Lived, Ruled, Spell, extend, lapses
from cmdb.classes import catalogue
from cmdb.cypher import past
from cmdb.cypher.facts import edge_places
from cmdb.endpoints import places
from cmdb.impact import Edge
from cmdb.store.session import Run

MOST_OUTAGES, MOST_NEEDED = 2_000, 20_000
"""Outages of other CIs, the newest, and CIs that are looked at on the way down to them."""


@dataclass(frozen=True, slots=True)
class Fallen:
    """The spells by sequence in which CIs were down, when those sequences were, and whether there may be more."""

    spells: Mapping[str, Sequence[Spell]] = field(default_factory=dict)
    times: Mapping[int, str] = field(default_factory=dict)
    short: bool = False


def fallen(run: Run, ids: Collection[str], outages: Mapping[str, Sequence[Spell]], last: int, short: bool) -> Fallen:
    """When these were down, given when CIs were so by themselves, up to a sequence.

    Round trips: none where nothing but one of these was ever down; else one a level of what these need, one for the
    rules of then, and one where not only outages made the difference.
    """
    if not outages or (len(ids) < 2 and set(outages) <= set(ids)):
        return Fallen(short=short)
    begin = min(start for spans in outages.values() for start, _ in spans)
    edges, names, cut = _needed(run, ids, begin, last)
    sources = sorted({one.edge.source for one in edges})
    rows = run(past.RULES, {"ids": sources, "from": begin}) if sources else []
    names |= {row["id"]: row["name"] for row in rows}
    rules = {row["id"]: _rules(row) for row in rows}
    found = lapses(ids, Lived(outages, edges, rules, names), catalogue().relations)
    known = {seq for spans in outages.values() for span in spans for seq in span}
    flips = {seq for spans in found.spells.values() for span in spans for seq in span} - known
    times = {row["seq"]: row["at"] for row in run(past.TIMES, {"seqs": sorted(flips)})} if flips else {}
    return Fallen(found.spells, times, short or cut or found.short)


def _needed(run: Run, ids: Iterable[str], begin: int, last: int) -> tuple[list[Dated], dict[str, str], bool]:
    """Every dependency below these that was there at some time from `begin` to `last`, level by level."""
    edges: dict[str, Dated] = {}
    names: dict[str, str] = {}
    seen, frontier = set(ids), set(ids)
    while frontier:
        rows = run(*past.needed_since(sorted(frontier), begin, last))
        for row in rows:
            edges[row["id"]] = _dated(row, last)
            names[row["target"]] = row["name"]
        frontier = {row["target"] for row in rows} - seen
        if len(seen) + len(frontier) > MOST_NEEDED:
            return list(edges.values()), names, True
        seen |= frontier
    return list(edges.values()), names, False


def _dated(row: Mapping[str, Any], last: int) -> Dated:
    ended = row["end"] if row["end"] is not None and row["end"] <= last else None
    known = [key for key in (row["endpoint"], *edge_places(row["also"])) if key]
    at = places(known, row["listens"] or ()) if known else ()
    return Dated(Edge(row["id"], row["type"], row["source"], row["target"]), row["begin"], ended, at)


def _rules(row: Mapping[str, Any]) -> list[Ruled]:
    return [Ruled(begin, end, tuple(said)) for begin, end, said in row["rules"] if said]


def spells_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Spell]]:
    """The spells of rows {ci begin end}; what follows on another at once goes on with it."""
    found: dict[str, list[Spell]] = defaultdict(list)
    for row in rows:
        extend(found[row["ci"]], row["begin"], row["end"])
    return dict(found)
