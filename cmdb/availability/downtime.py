"""When CIs were down in the past: by themselves, and by what they needed then. Pure.

Moments are journal sequences, spans of them [from, until) with None for what lasts. Between two moments at which
something changed everything stays as it is, so each such moment is looked at once, and only while anything is down.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cmdb.impact import Edge, Model, State, States, model, model_of
from cmdb.words import RelationType

MOST_MOMENTS, MOST_WORK = 500, 2_000_000
"""Moments that are looked at, and edges of them all together: the newest, which the present year needs most."""

Spell = tuple[int, int | None]


class Dated(NamedTuple):
    """A dependency, since when and until when it was there, and the addresses it was found at."""

    edge: Edge
    begin: int
    end: int | None = None
    places: Collection[str] = ()


class Ruled(NamedTuple):
    """The redundancy rules of a CI, since when and until when."""

    begin: int
    end: int | None
    rules: Sequence[str]


@dataclass(frozen=True, slots=True)
class Lived:
    """What is known of a time: who was down by himself and when, what needed what, and by which rules.

    `edges` has every dependency of each CI in question; of who is not in question nothing need be known.
    """

    outages: Mapping[str, Sequence[Spell]]
    edges: Sequence[Dated]
    rules: Mapping[str, Sequence[Ruled]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lapses:
    """The spells in which CIs were down, in order and apart; only of those of which anything was ever recorded.

    `short`: earlier ones were not looked at, for there were too many.
    """

    spells: Mapping[str, tuple[Spell, ...]]
    short: bool = False


def lapses(of: Collection[str], lived: Lived, relations: Mapping[str, RelationType]) -> Lapses:
    """When each of these was down. A CI is in question when it is needed and needs something that was ever down.

    A group that could never be met is no outage that anybody saw: it is left out.
    """
    fallible = _reach(lived.outages, [(one.edge.target, one.edge.source) for one in lived.edges])
    asked = sorted(set(of) & fallible)
    needed = _reach(asked, [(one.edge.source, one.edge.target) for one in lived.edges])
    edges = [one for one in lived.edges if one.edge.source in fallible & needed]
    hurt = {ci: lived.outages[ci] for ci in sorted(lived.outages) if ci in needed}
    if not asked or not hurt:
        return Lapses({})
    moments, short = _moments(hurt, edges, lived.rules)
    models = _Models(lived, edges, relations)
    spells: dict[str, list[Spell]] = {ci: [] for ci in asked}
    for moment, until in zip(moments, [*moments[1:], None], strict=True):
        own = {ci: State.DOWN for ci, spans in hurt.items() if any(_covers(span, moment) for span in spans)}
        if not own:
            continue
        states = States(models.at(moment), own)
        for ci in asked:
            if states.of(ci) is State.DOWN:
                extend(spells[ci], moment, until)
    return Lapses({ci: tuple(found) for ci, found in spells.items()}, short)


class _Models:
    """The model at a moment, made again only where a dependency or a rule changed."""

    def __init__(self, lived: Lived, edges: Sequence[Dated], relations: Mapping[str, RelationType]) -> None:
        self._lived, self._edges, self._relations = lived, edges, relations
        self._changes = sorted({*_ends(edges), *_rule_ends(edges, lived.rules)})
        self._made: tuple[int, Model] | None = None

    def at(self, moment: int) -> Model:
        """The model."""
        place = bisect_right(self._changes, moment)
        if self._made is None or self._made[0] != place:
            there = [one for one in self._edges if _covers((one.begin, one.end), moment)]
            sources = {one.edge.source for one in there}
            rules = {
                ci: tuple(said.rules)
                for ci in sources
                for said in self._lived.rules.get(ci, ())
                if _covers((said.begin, said.end), moment)
            }
            places = {one.edge.id: one.places for one in there if one.places}
            rows = (one.edge for one in there)
            made = model_of(rows, self._relations, rules, self._lived.names, places)
            self._made = place, possible(made)
        return self._made[1]


def possible(found: Model) -> Model:
    """A model without the groups that can never be met."""
    if not found.faulty:
        return found
    return model({ci: [g for g in groups if g.k_min <= g.total] for ci, groups in found.groups.items()})


def _moments(
    hurt: Mapping[str, Sequence[Spell]], edges: Sequence[Dated], rules: Mapping[str, Sequence[Ruled]]
) -> tuple[list[int], bool]:
    """When anything changed from the first outage on; the newest, and whether these are not all."""
    begun = {begin for spans in hurt.values() for begin, _ in spans}
    ended = {end for spans in hurt.values() for _, end in spans if end is not None}
    changed = {seq for seq in (*_ends(edges), *_rule_ends(edges, rules)) if _any_covers(hurt, seq)}
    found = sorted(begun | ended | changed)
    most = max(1, min(MOST_MOMENTS, MOST_WORK // (len(edges) + 1)))
    return found[-most:], len(found) > most


def _ends(edges: Iterable[Dated]) -> Iterable[int]:
    return (seq for one in edges for seq in (one.begin, one.end) if seq is not None)


def _rule_ends(edges: Iterable[Dated], rules: Mapping[str, Sequence[Ruled]]) -> Iterable[int]:
    sources = {one.edge.source for one in edges}
    return (seq for ci in sources for said in rules.get(ci, ()) for seq in (said.begin, said.end) if seq is not None)


def _any_covers(hurt: Mapping[str, Sequence[Spell]], moment: int) -> bool:
    return any(_covers(span, moment) for spans in hurt.values() for span in spans)


def _covers(span: Spell, moment: int) -> bool:
    begin, end = span
    return begin <= moment and (end is None or moment < end)


def extend(spells: list[Spell], begin: int, end: int | None) -> None:
    """One more spell; where it follows on the last at once, that goes on."""
    if spells and spells[-1][1] == begin:
        begin = spells.pop()[0]
    spells.append((begin, end))


def _reach(start: Iterable[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    """All that these lead to by steps, themselves too."""
    ways: dict[str, list[str]] = defaultdict(list)
    for source, target in steps:
        ways[source].append(target)
    found, left = set(start), deque(start)
    while left:
        for one in ways.get(left.popleft(), ()):
            if one not in found:
                found.add(one)
                left.append(one)
    return found
