"""Imports: rows in batches, each one transaction and one journal entry, decided under the journal's lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

from cmdb.cypher import facts
from cmdb.cypher import imports as cypher
from cmdb.imports import Batch, EdgeRow, End, NodeRow, Outcome, Unread, scope_of
from cmdb.plan import Plan
from cmdb.store import policies
from cmdb.store.commands import By
from cmdb.store.facts import journal, new_id, write
from cmdb.store.session import Bolt, Run
from cmdb.store.wave import Wave

BATCH = 1_000
"""Rows of one transaction."""
MOST_ROWS = 10_000
"""Rows of one call."""
Row = NodeRow | EdgeRow


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of each row, by its number; `seq` the last sequence; `left` are rows there was no time for."""

    seq: int
    outcomes: tuple[Outcome, ...]
    left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass over some rows came to; `later` are rows about a CI that another row of the pass is about."""

    seq: int
    outcomes: dict[int, Outcome]
    names: dict[str, End]
    later: tuple[Row, ...]
    wrote: bool


class _Undo(Exception):
    """Not an error: it carries the result out of a transaction that is to be rolled back."""

    def __init__(self, result: _Pass | Imported) -> None:
        self.result = result


@dataclass(slots=True)
class _Call:
    """One call: what names stand for so far, and what became of its rows."""

    names: dict[str, End] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    seq: int = 0

    def take(self, done: _Pass) -> None:
        self.names |= done.names
        self.outcomes |= done.outcomes
        self.seq = max(self.seq, done.seq)


class Imports:
    """Bulk writes. A method raises Invalid for a bad call; what is wrong with a row is its outcome."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def bulk_upsert(
        self, rows: Sequence[Row | Unread], source: str, by: By, *, dry_run: bool = False, seconds: float = 3600.0
    ) -> Imported:
        """Carry out the rows, CIs before edges; a dry run decides and writes the same and takes all of it back.

        A row about a CI that an earlier row is about comes after it, as in two calls. Rows that the time did not
        suffice for are named in `left`; sent again they do the rest.
        """
        scope = scope_of(source)
        call = _Call()
        for row in rows:
            if isinstance(row, Unread):
                call.outcomes[row.n] = Outcome(row.n, "row", "invalid", None, row.reason)
        good = sorted((r for r in rows if not isinstance(r, Unread)), key=lambda r: (isinstance(r, EdgeRow), r.n))
        end = time.monotonic() + seconds
        if not dry_run:
            self._batches(good, call, end, partial(self._one, scope, by, call))
            return _imported(call, good)

        def rehearse(run: Run) -> None:
            tried = _Call(outcomes=dict(call.outcomes), seq=0)
            self._batches(good, tried, end, lambda part: self._pass(run, part, scope, by, tried.names))
            raise _Undo(replace(_imported(tried, good), seq=0))

        try:
            self._bolt.write(rehearse, timeout=seconds + 60)
        except _Undo as undo:
            assert isinstance(undo.result, Imported)
            return undo.result
        raise AssertionError("a dry run ends by taking everything back")

    def totals(self) -> dict[str, int]:
        """How many CIs, edges and journal entries there are."""
        return self._bolt.read(lambda run: dict(run(cypher.TOTALS, {})[0]), timeout=600)

    def imported_at(self, scopes: Sequence[str]) -> dict[str, str]:
        """When each of these imports last said what it says, changed or not, ISO 8601 UTC. One round trip."""
        rows = self._bolt.read(lambda run: run(cypher.IMPORTED_AT, {"scopes": list(scopes)}))
        return {row["id"]: row["at"] for row in rows}

    def set_odd(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Values that a first load's files cannot hold, as {id, set}."""
        left = iter(rows)
        while part := list(islice(left, BATCH)):
            self._bolt.write(partial(_set_odd, part))

    def _batches(self, good: Sequence[Row], call: _Call, end: float, one: Callable[[Sequence[Row]], _Pass]) -> None:
        """CIs whose parents are rows of this call come in a batch behind them.

        A batch is not begun that would not be done in time if it took as long as the one before.
        """
        taken = 0.0
        for part in _parts(good):
            todo: Sequence[Row] = part
            while todo:
                begun = time.monotonic()
                if begun + taken > end:
                    return
                done = one(todo)
                taken = time.monotonic() - begun
                call.take(done)
                todo = done.later

    def _one(self, scope: str, by: By, call: _Call, rows: Sequence[Row]) -> _Pass:
        """One transaction; one that would change nothing leaves no trace but that the source was heard."""

        def work(run: Run) -> _Pass:
            done = self._pass(run, rows, scope, by, call.names)
            if not done.wrote:
                raise _Undo(replace(done, seq=done.seq - 1))
            return done

        try:
            return self._bolt.write(work, timeout=300)
        except _Undo as undo:
            self._bolt.write(lambda run: run(cypher.SEEN, {"scope": scope, "now": by.now}))
            assert isinstance(undo.result, _Pass)
            return undo.result

    def _pass(self, run: Run, rows: Sequence[Row], scope: str, by: By, names: dict[str, End]) -> _Pass:
        lock = run(facts.LOCK, {})[0]
        there = policies.read(run)
        batch = Batch(scope, lock["seq"], there.catalogue(), new_id, there)
        wave = Wave(run, batch, rows, dict(names))
        plan = wave.settle()
        wrote = plan.scopes is not None
        if wrote:
            _write(run, plan, batch, lock, by)
        return _Pass(lock["seq"], batch.outcomes, wave.names, tuple(wave.later), wrote)


def _write(run: Run, plan: Plan, batch: Batch, lock: dict[str, object], by: By) -> None:
    seq = lock["seq"]
    assert isinstance(seq, int)
    source = batch.scope.partition("/")[0]
    write(run, plan, source, seq, by.now)
    if batch.traces:
        run(cypher.TRACES, {"scope": batch.scope, "rows": batch.stored_traces()})
    summary = f"{source}: {plan.summary()}" + (f": {by.reason}" if by.reason else "")
    journal(run, lock, by.now, actor=by.actor, kind="import", summary=summary, ops=plan.operations())


def _set_odd(part: list[Mapping[str, Any]], run: Run) -> None:
    run(cypher.ODD, {"rows": part})


def _parts(good: Sequence[Row]) -> Iterable[Sequence[Row]]:
    """Batches of rows, no CI before its parent's row: what is inside what is found by refs."""
    nodes = [row for row in good if isinstance(row, NodeRow)]
    rows: list[Row] = [*in_order(nodes), *(row for row in good if isinstance(row, EdgeRow))]
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def in_order(nodes: Sequence[NodeRow]) -> list[NodeRow]:
    """Rows with each parent's row before its own; what is inside itself keeps its place and is refused later."""
    by_ref = {row.ref: row for row in nodes if row.ref is not None}
    depth: dict[int, int] = {}

    def level(row: NodeRow) -> int:
        chain: list[NodeRow] = []
        at: NodeRow | None = row
        while at is not None and at.n not in depth and at not in chain:
            chain.append(at)
            at = by_ref.get(at.parent) if at.parent is not None else None
        base = depth.get(at.n, -1) if at is not None else -1
        for step, one in enumerate(reversed(chain), start=1):
            depth[one.n] = base + step
        return depth[row.n]

    return sorted(nodes, key=lambda row: (level(row), row.n))


def _imported(call: _Call, good: Sequence[Row]) -> Imported:
    left = tuple(sorted(row.n for row in good if row.n not in call.outcomes))
    labels = {row.n: row.label for row in good}
    outcomes = (replace(call.outcomes[n], label=labels.get(n, "")) for n in sorted(call.outcomes))
    return Imported(call.seq, tuple(outcomes), left)
