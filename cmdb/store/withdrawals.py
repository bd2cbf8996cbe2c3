"""What a source listed before and lists no longer: found by a walk over the graph, and taken back one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from cmdb import commands
from cmdb.classes import catalogue
from cmdb.commands import Decided
from cmdb.cypher import withdrawals as cypher
from cmdb.errors import Conflict, TooLarge, UnknownName
from cmdb.imports import Outcome, scope_of
from cmdb.store import loading
from cmdb.store.commands import By, Commands, Under, existing
from cmdb.store.facts import new_id
from cmdb.store.imports import Imported
from cmdb.store.rehearsal import Rehearsal
from cmdb.store.session import Run

PAGE = 2_000
"""CIs looked at in one round trip."""
MOST = 500
"""CIs and edges of one call; each is a transaction and a journal entry of its own."""


class Withdrawals(Commands):
    """The other half of an import that gives the whole list of its source."""

    def listed(self, source: str) -> Iterator[dict[str, Any]]:
        """Every live CI and open edge that a source says is there: class, ref (our id) and name; type, ends and id.

        The edge to the parent goes with the CI and is no row of its own.
        """
        given = {"scope": scope_of(source), "quoted": f'"{scope_of(source)}"', "size": PAGE}
        after = ""
        while rows := self._bolt.read(partial(_page, {**given, "after": after}), timeout=60):
            for row in rows:
                yield from _listed(row)
            after = rows[-1]["id"]

    def withdraw(
        self, source: str, ids: Collection[str], by: By, *, dry_run: bool = False, seconds: float = 3600.0
    ) -> Imported:
        """Take back what a source said of these CIs and edges. What there was no time for is in `left`, by number."""
        if not 1 <= len(ids) <= MOST:
            raise TooLarge(f"name 1 to {MOST} CIs and edges, not {len(ids)}", where="ids")
        scope, end = scope_of(source), time.monotonic() + seconds
        speaking = Withdrawals(Rehearsal(self._bolt)) if dry_run else self
        outcomes: list[Outcome] = []
        left: list[int] = []
        seq = 0
        # Edges first: what a CI had is told as its own then.
        for number, one in sorted(enumerate(ids, start=1), key=lambda row: not row[1].startswith("ed_")):
            if time.monotonic() > end:
                left.append(number)
                continue
            done, outcome = speaking._withdrawn(number, one, scope, by)
            seq = max(seq, done)
            outcomes.append(outcome)
        return Imported(0 if dry_run else seq, tuple(sorted(outcomes, key=lambda o: o.row)), tuple(sorted(left)))

    def _withdrawn(self, number: int, one: str, scope: str, by: By) -> tuple[int, Outcome]:
        kind = "edge" if one.startswith("ed_") else "node"
        decide = _edge(one, scope) if kind == "edge" else _ci(one, scope)
        try:
            done = self._do(decide, by, kind="import")
        except (UnknownName, Conflict) as error:
            word = "conflict" if isinstance(error, Conflict) else "invalid"
            return 0, Outcome(number, kind, word, None, error.message, label=one)  # type: ignore[arg-type]  # of few words
        word = "changed" if "; it stays" in done.summary else "stale"
        return done.seq, Outcome(number, kind, word, one, done.summary, label=one)  # type: ignore[arg-type]  # the same


def _page(given: dict[str, Any], run: Run) -> list[dict[str, Any]]:
    return run(cypher.LISTED, given)


def _listed(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cls = catalogue().classes.get(row["class"])
    if row["said"] and row["status"] == "live":
        yield {"class": row["class"], "ref": row["id"], "name": row["name"]}
    for edge, kind, target in row["edges"]:
        if not (cls is not None and kind == cls.contained_by and target == row["parent"]):
            yield {"type": kind, "from": row["id"], "to": target, "id": edge}


def _ci(ci: str, scope: str) -> Callable[[Run, Under], Decided]:
    def decide(run: Run, under: Under) -> Decided:
        known = loading.around(run, [ci], edges=True)
        was = existing(known.cis.get(ci), ci)
        around = loading.with_places(run, known, was.parent or ci)
        return commands.withdraw(under.known, around, ci, scope, new_id)

    return decide


def _edge(edge: str, scope: str) -> Callable[[Run, Under], Decided]:
    def decide(run: Run, _under: Under) -> Decided:
        rows = run(cypher.edge(), {"id": edge})
        if not rows:
            raise UnknownName(f"there is no open edge {edge!r}")
        row = rows[0]
        return commands.withdraw_edge(loading.known_edge((row["e"], row["type"], row["d"], row["t"])), scope, new_id)

    return decide
