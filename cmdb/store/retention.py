"""Retention: the history of long retired CIs goes, 1,000 pieces a transaction, each with its journal entry.

The tombstone stays for ever, so that its id is never used again and it revives as itself; the journal stays too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.classes import catalogue
from cmdb.cypher import facts, past, retention
from cmdb.moments import after
from cmdb.store.commands import By
from cmdb.store.facts import journal
from cmdb.store.session import Bolt, Run

BATCH = 1_000
"""Earlier states and closed edges deleted in one transaction."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due of a class: how many earlier states, and how many closed edges."""

    cls: str
    versions: int
    edges: int


class _NothingDue(Exception):
    """Not an error: somebody revived what was due, so the transaction is to leave no trace."""


class Retention:
    """What is kept no longer."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def due(self, now: str) -> list[Due]:
        """What a purge would delete now, by class; nothing is changed. Two round trips for each time of retention."""

        def work(run: Run) -> list[Due]:
            rows = [row for span in _spans(run, now) for row in run(retention.COUNT, span)]
            return [Due(row["class"], row["versions"], row["edges"]) for row in rows]

        return sorted(self._bolt.read(work, timeout=60.0), key=lambda due: due.cls)

    def purge(self, by: By, most: int = 100) -> tuple[int, int]:
        """Delete what is due, in at most `most` transactions; how many earlier states and closed edges went."""
        states = edges = 0
        for _ in range(most):
            done = self._batch(by)
            if done is None:
                break
            states, edges = states + done[0], edges + done[1]
        return states, edges

    def purged_to(self) -> int:
        """The sequence before which an answer about the past may lack CIs that were retired since; 0: it never does."""
        return int(self._bolt.read(lambda run: run(retention.PURGED_TO, {}))[0]["seq"])

    def _batch(self, by: By) -> tuple[int, int] | None:
        if not self._bolt.read(lambda run: _found(run, by.now, 1), timeout=60.0):
            return None

        def work(run: Run) -> tuple[int, int]:
            lock = run(facts.LOCK, {})[0]
            rows = _found(run, by.now, BATCH)
            if not rows:
                raise _NothingDue
            versions = [[row["ci"], row["version"]] for row in rows if row["version"] is not None]
            edges = {row["edge"]: row["ci"] for row in rows if row["edge"] is not None}
            claims = [row["claim"] for row in rows if row["claim"] is not None]
            ended = max(row["ended"] for row in rows)
            pairs = [[ci, edge] for edge, ci in edges.items()]
            run(retention.DELETE, {"versions": versions, "edges": pairs, "claims": claims, "ended": ended})
            ops = [{"op": "purge", "versions": versions, "edges": sorted(edges), "claims": claims}]
            summary = f"{len(versions)} earlier states and {len(edges)} closed edges of retired CIs are kept no longer"
            journal(run, lock, by.now, actor=by.actor, kind="purge", summary=summary, ops=ops)
            return len(versions), len(edges)

        try:
            return self._bolt.write(work)
        except _NothingDue:
            return None


def _found(run: Run, now: str, most: int) -> list[dict[str, Any]]:
    for span in _spans(run, now):
        if rows := run(retention.DUE, {**span, "most": most}):
            return rows
    return []


def _spans(run: Run, now: str) -> Iterator[Mapping[str, Any]]:
    """Classes that are kept equally long, and the sequence at or before which their members must have been retired."""
    classes = defaultdict(list)
    for name, cls in catalogue().classes.items():
        classes[cls.retention_days].append(name)
    for days, names in sorted(classes.items()):
        (found,) = run(past.PINS, {"times": [after(now, -24 * days)]})
        if found["seq"] is not None:
            yield {"classes": names, "seq": found["seq"]}
