"""Questions about the past: what a CI was, what became of it, what differs between two moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cmdb import history, moments
from cmdb.cypher import past, questions
from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.history import Change, EdgeState, Life
from cmdb.replay import KEPT_REWORDINGS
from cmdb.store.entries import decoded
from cmdb.store.lapsed import MOST_OUTAGES, fallen, spells_of
from cmdb.store.reads import states_at
from cmdb.store.rows import Row
from cmdb.store.session import Bolt, Run
from cmdb.words import CONDITION

MOST_ENTRIES = 10_000
"""Journal entries that one comparison of the whole estate reads."""
ENTRIES, TEXT = 50, 8 * 1024 * 1024
"""Entries of the first round trip, and characters that each one behind it is to bring: one entry of an import has half
a million of them, one of most reports a hundred."""
CHUNK = 200
"""CIs looked at in one round trip."""
MOST_IDS = 10_000
"""Ids of one round trip: with all of a large import in one, Neo4j has no memory left for other questions."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step in a CI's history: the journal entry, and what it did to this CI."""

    seq: int
    at: str
    actor: str
    kind: str
    summary: str
    change: Change


@dataclass(frozen=True, slots=True)
class EdgeStep:
    """One step in an edge's life: opened, reworded (other evidence) or closed; the evidence it had from then on."""

    seq: int
    at: str
    actor: str
    kind: str
    summary: str
    what: str
    evidence: Mapping[str, Any] | None
    because: str | None


@dataclass(frozen=True, slots=True)
class EdgeLife:
    """An edge with steps of its life, newest first. `forgotten`: rewordings older than the last 100 are not told."""

    edge: EdgeState
    steps: tuple[EdgeStep, ...]
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of some CIs, by id; `cursor` is where the next page begins behind, None at the end."""

    changes: tuple[Change, ...]
    cis: Mapping[str, Row]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class OutageRecord:
    """How long a CI was down each time, in hours, and for how many hours it has been known."""

    outages: tuple[float, ...]
    watched: float


@dataclass(frozen=True, slots=True)
class Downtime:
    """When CIs were down, from and until, up to a moment; what still lasts ends with it.

    Only those are in it that ever were down, or needed something that was. `short`: there may be earlier ones.
    """

    until: str
    spans: Mapping[str, tuple[tuple[str, str], ...]]
    short: bool = False


class Past:
    """Each question is one read transaction."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def pin(self, moment: int | str) -> int:
        """The sequence of a moment: a sequence itself (checked), or the last entry at or before an ISO 8601 text."""

        return self.pins([moment])[0]

    def pins(self, moments: Sequence[int | str | None]) -> list[int]:
        """The sequence of each moment, None being now. One round trip for all."""
        times = [moment if isinstance(moment, str) else "" for moment in moments]
        rows = self._bolt.read(lambda run: run(past.PINS, {"times": times}))
        return [_pinned(moment, int(row["last"]), row["seq"]) for moment, row in zip(moments, rows, strict=True)]

    def states(self, ids: Collection[str], at: int) -> dict[str, Row]:
        """CIs as they were at a sequence; those not known then are left out. One round trip."""
        return self._bolt.read(lambda run: states_at(run, ids, at))

    def heard(self, actors: Collection[str], at: int) -> tuple[str | None, dict[str, str | None]]:
        """When a sequence was, and when each of these last wrote something until then. Two round trips.

        A report that found all as it was wrote nothing.
        """

        def work(run: Run) -> tuple[str | None, dict[str, str | None]]:
            when = run(past.WHEN, {"seq": at})
            rows = run(past.HEARD, {"actors": sorted(actors), "at": at})
            return str(when[0]["at"]) if when else None, {row["actor"]: row["at"] for row in rows}

        return self._bolt.read(work)

    def history_of(self, ci: str, first: int, before: int | None = None) -> list[Entry]:
        """What became of a CI, newest first, before a sequence. Two round trips.

        An entry may hold more for others than for this one: only its own attributes and edges are in `change`.
        """

        def work(run: Run) -> list[Entry]:
            parameters = {"id": ci, "first": first, "before": before if before is not None else 2**62}
            found = {row["seq"]: row["entry"] for row in run(past.STEPS, parameters)}
            if not found:
                return []
            span = {"ids": [ci], "from": min(found) - 1, "to": max(found), "incoming": True}
            (life,) = _lives(run(past.LIVES, span))
            return [Entry(seq, **found[seq], change=change) for seq, change in history.steps(life, found)]

        return self._bolt.read(work)

    def difference(
        self, before: int, after: int, of: Collection[str] | None, cls: str | None, first: int, cursor: str = ""
    ) -> Difference:
        """What became of CIs from one sequence to another, by id: of these, else of all; of a class.

        Round trips: one for every 8 MB of the journal, one for a class, one for every 200 CIs that a page looks at.

        Of the whole estate an edge is told with its dependent; of named CIs with each of them it touches.
        """

        def work(run: Run) -> Difference:
            ids, last = [ci for ci in _compared(run, before, after, of, cls) if ci > cursor], cursor
            changes: list[Change] = []
            cis: dict[str, Row] = {}
            for life in _spanned(run, ids, before, after, incoming=of is not None):
                if len(changes) == first:
                    return Difference(tuple(changes), cis, last)
                last, change = life.ci, history.between(life, before, after)
                if change is not None:
                    changes.append(change)
                    cis[life.ci] = life.at(after) or {}
            return Difference(tuple(changes), cis, None)

        return self._bolt.read(work, timeout=20.0)

    def difference_counts(
        self, before: int, after: int, of: Collection[str] | None, cls: str | None
    ) -> Counter[tuple[str, str]]:
        """How many CIs of each class were created, changed, retired, revived or linked: `difference`, counted."""

        def work(run: Run) -> Counter[tuple[str, str]]:
            ids, counts = _compared(run, before, after, of, cls), Counter[tuple[str, str]]()
            for life in _spanned(run, ids, before, after, incoming=of is not None):
                if (change := history.between(life, before, after)) is not None:
                    counts[str((life.at(after) or {})["class"]), change.what] += 1
            return counts

        return self._bolt.read(work, timeout=20.0)

    def lately(self, ids: Collection[str], hours: float, now: str, at: int | None = None) -> dict[str, list[Entry]]:
        """What was done to CIs and their own dependencies in the last hours, newest first; how they do is left out.

        Until now, or until the moment of a sequence. One round trip, one more for a moment, and for every 200 CIs that
        were changed behind the first 200.
        """

        def work(run: Run) -> dict[str, list[Entry]]:
            since = moments.after(_time(run, at, now), -hours)
            rows = run(past.LATELY, {"ids": list(ids), "time": since, "to": at, "most": CHUNK})
            found = {row["id"]: row["entries"] for row in rows}
            lives = _lives(rows[:CHUNK])
            if behind := list(found)[CHUNK:]:
                lives += _spanned(run, behind, rows[0]["begun"], rows[0]["last"], incoming=False)
            return {life.ci: steps for life in lives if (steps := _done(life, found[life.ci]))}

        return self._bolt.read(work, timeout=20.0)

    def outages(self, ids: Collection[str], now: str, at: int | None = None) -> dict[str, OutageRecord]:
        """The outages of those CIs that ever had one, by their `condition`, as of now or of a sequence.

        One round trip, two as of a sequence. What still lasts counts until then.
        """

        def work(run: Run) -> dict[str, OutageRecord]:
            last = 2**62 if at is None else at
            rows = run(past.OUTAGES, {"ids": list(ids), "at": last})
            ended = _time(run, at, now) if rows else now
            return {ci: _record(list(mine), ended) for ci, mine in groupby(rows, key=lambda row: str(row["ci"]))}

        return self._bolt.read(work)

    def downtime(self, ids: Collection[str], now: str, at: int | None = None, since: str | None = None) -> Downtime:
        """When these CIs were down, up to now or to the moment of a sequence: by their `condition`, and, from `since`
        or the beginning of that moment's year on, by those of all that they needed then.

        One round trip, two as of a sequence; more only where another CI was down in that time, as `fallen` says.
        """

        def work(run: Run) -> Downtime:
            until, last = _time(run, at, now), 2**62 if at is None else at
            begun = min(since or until, f"{until[:4]}-01-01T00:00:00.000Z")
            given = {"ids": list(ids), "at": last, "since": begun, "most": MOST_OUTAGES + 1}
            rows = run(past.DOWN_SINCE, given)
            by = groupby(rows, key=lambda row: str(row["ci"]))
            spans = {ci: list(_spans(list(mine), until)) for ci, mine in by}
            own = {ci: found for ci, found in spans.items() if ci in set(ids)}
            below = fallen(run, ids, spells_of(rows), last, len(rows) > MOST_OUTAGES)
            times: dict[int | None, str] = {row["begin"]: row["begun"] for row in rows} | {**below.times}
            times |= {row["end"]: row["ended"] for row in rows} | {None: until}
            for ci, spells in below.spells.items():
                worked = ((times[begin], times[end]) for begin, end in spells)
                own.setdefault(ci, []).extend(one for one in worked if moments.hours(*one) > 0)
            return Downtime(until, {ci: tuple(_apart(found)) for ci, found in own.items()}, below.short)

        return self._bolt.read(work, timeout=20.0)

    def edge_life(self, edge: str, first: int, before: int | None = None) -> EdgeLife:
        """What became of an edge, newest first, before a sequence: `first` steps at most. Two round trips."""

        def work(run: Run) -> EdgeLife:
            rows = run(past.edge(), {"id": edge})
            if not rows:
                raise UnknownName(f"there is no edge {edge!r}", where="id")
            known, state = rows[0]["e"], _edge_state(rows[0])
            times = {
                state.valid_from,
                *known.get("reworded", ()),
                *(() if state.valid_to is None else (state.valid_to,)),
            }
            seqs = sorted((seq for seq in times if before is None or seq < before), reverse=True)[:first]
            entries = [decoded(row["c"]) for row in run(past.ENTRIES, {"seqs": seqs})]
            steps = tuple(_edge_step(entry, state) for entry in entries)
            return EdgeLife(state, steps, len(known.get("reworded", ())) >= KEPT_REWORDINGS)

        return self._bolt.read(work)


def _time(run: Run, at: int | None, now: str) -> str:
    """When a sequence was; now, where none is meant."""
    rows = [] if at is None else run(past.WHEN, {"seq": at})
    return str(rows[0]["at"]) if rows else now


def _done(life: Life, entries: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Its steps but those that only say how it does, or only that others came to need it."""
    known = {entry["seq"]: entry for entry in entries}
    found = history.steps(life, sorted(known, reverse=True))
    return [Entry(**known[seq], change=change) for seq, change in found if not _only_condition(change)]


def _only_condition(change: Change) -> bool:
    names = {one.attribute for one in change.attributes}
    return names == {CONDITION} and not change.opened and not change.closed


def _record(rows: Sequence[Mapping[str, Any]], now: str) -> OutageRecord:
    lengths = (moments.hours(begun, ended) for begun, ended in _spans(rows, now))
    return OutageRecord(tuple(lengths), moments.hours(rows[0]["since"], now))


def _spans(rows: Sequence[Mapping[str, Any]], now: str) -> tuple[tuple[str, str], ...]:
    """From and until of each outage; those without a length, as clocks that differ make them, are left out."""
    spans: list[list[Any]] = []
    for row in rows:
        if spans and spans[-1][0] == row["begin"]:  # it was down before, and something else of it changed
            spans[-1][0], spans[-1][2] = row["end"], row["ended"]
        else:
            spans.append([row["end"], row["begun"], row["ended"]])
    return tuple((begun, ended or now) for _, begun, ended in spans if moments.hours(begun, ended or now) > 0)


def _apart(spans: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same times, each once and in order."""
    begun, ended = "", ""
    for begin, end in sorted(spans):
        if begun and begin <= ended:
            ended = max(ended, end)
            continue
        if begun:
            yield begun, ended
        begun, ended = begin, end
    if begun:
        yield begun, ended


def _edge_state(row: Mapping[str, Any]) -> EdgeState:
    known = row["e"]
    return EdgeState(known["id"], row["type"], row["d"], row["t"], known["valid_from"], known.get("valid_to"))


def _edge_step(entry: Mapping[str, Any], edge: EdgeState) -> EdgeStep:
    """What an entry says of an edge; one that opened and closed it is told as closed."""
    said = [step for step in entry["ops"] if step.get("id") == edge.id and step["op"] in {"open", "reword", "close"}]
    words: Mapping[str, Any] = next((step for step in reversed(said) if "evidence" in step), {})
    what = "closed" if entry["seq"] == edge.valid_to else "opened" if entry["seq"] == edge.valid_from else "reworded"
    named = {name: entry[name] for name in ("seq", "at", "actor", "kind", "summary")}
    return EdgeStep(**named, what=what, evidence=words.get("evidence"), because=words.get("because"))


def _compared(run: Run, before: int, after: int, of: Collection[str] | None, cls: str | None) -> list[str]:
    """The ids a comparison looks at, in order."""
    ids = sorted(of) if of is not None else _touched(run, before, after)
    if cls is None:
        return ids
    parts = (ids[start : start + MOST_IDS] for start in range(0, len(ids), MOST_IDS))
    return [row["id"] for part in parts for row in run(past.OF_CLASS, {"ids": part, "class": cls})]


def _spanned(run: Run, ids: Sequence[str], before: int, after: int, *, incoming: bool) -> Iterator[Life]:
    """The lives of CIs between two sequences, 200 a round trip."""
    span = {"from": before, "to": after, "incoming": incoming}
    for start in range(0, len(ids), CHUNK):
        yield from _lives(run(past.LIVES, {**span, "ids": ids[start : start + CHUNK]}))


def _pinned(moment: int | str | None, last: int, found: int | None) -> int:
    if moment is None:
        return last
    if isinstance(moment, int):
        if not 0 <= moment <= last:
            raise Invalid(f"the journal has sequences 0 to {last}, not {moment}", where="asOf")
        return moment
    if found is None:
        raise Invalid(f"nothing was known at {moment}: the journal begins later", where="asOf")
    return found


def _touched(run: Run, before: int, after: int) -> list[str]:
    if after - before > MOST_ENTRIES:
        raise TooLarge(
            f"{after - before:,} journal entries lie between the two moments, at most {MOST_ENTRIES:,} are compared:"
            " name CIs, or moments nearer to each other"
        )
    found: set[str] = set()
    last, many = before, ENTRIES
    while last < after:
        rows = [row["c"] for row in run(questions.ENTRIES_AFTER, {"after": last, "first": min(many, after - last)})]
        found |= history.touched(decoded(row) for row in rows if row["seq"] <= after)
        if not rows:
            break
        last, many = rows[-1]["seq"], max(ENTRIES, len(rows) * TEXT // sum(len(row["ops"]) for row in rows))
    return sorted(found)


def _lives(rows: Iterable[Mapping[str, Any]]) -> list[Life]:
    return [
        Life(
            row["id"],
            {state["valid_from"]: state for state in (row["now"], *map(_state, row["versions"]))},
            tuple(EdgeState(*edge) for edge in (*row["outgoing"], *row["incoming"])),
        )
        for row in rows
    ]


def _state(properties: Mapping[str, Any]) -> Row:
    """A version as the CI it was."""
    if "ci" not in properties:
        return properties
    return {**{k: v for k, v in properties.items() if k not in {"ci", "from", "to"}}, "id": properties["ci"]}
