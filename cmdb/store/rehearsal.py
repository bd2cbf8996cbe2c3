"""A report that is applied, looked at, and taken back: nothing of it stays, not even a sequence number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cmdb.cypher import rehearsal
from cmdb.imports import Outcome as RowOutcome
from cmdb.imports.report import Around, outcomes
from cmdb.plan import Plan
from cmdb.store.reports import Outcome
from cmdb.store.session import Bolt, Run
from cmdb.words import Ref, Snapshot, Value

T = TypeVar("T")


class _TakenBack(Exception):
    """Not an error: it carries what was seen out of the transaction that it undoes."""

    def __init__(self, result: Any) -> None:
        self.result = result


class Rehearsal(Bolt):
    """A connection whose write transactions are all taken back, after a last look at what they did."""

    def __init__(self, bolt: Bolt, look: Callable[[Run, Any], None]) -> None:
        self._real, self._look = bolt, look

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        """As always."""
        return self._real.read(work, timeout=timeout)

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:
        """Run `work` and take back what it wrote."""

        def undone(run: Run) -> None:
            result = work(run)
            self._look(run, result)
            raise _TakenBack(result)

        try:
            self._real.write(undone, timeout=timeout)
        except _TakenBack as taken:
            result: T = taken.result
            return result
        raise AssertionError("a rehearsal ends by taking everything back")


def rehearse(bolt: Bolt, snapshot: Snapshot, apply: Callable[[Bolt], list[Outcome]]) -> list[RowOutcome]:
    """What `apply` would make of a report, row by row."""
    seen = Around()

    def look(run: Run, results: list[Outcome]) -> None:
        nonlocal seen
        (result,) = results
        if result.plan is not None:
            seen = _around(run, snapshot, result.plan)

    (done,) = apply(Rehearsal(bolt, look))
    return outcomes(snapshot, done.plan, done.verdict, done.summary, seen)


def _around(run: Run, snapshot: Snapshot, plan: Plan) -> Around:
    inside = {Ref(r["class"], r["key"]): r["id"] for r in run(rehearsal.INSIDE, {"host": plan.host})}
    changed = [ci.id for ci in plan.change]
    before = {r["id"]: _values(r["was"]) for r in run(rehearsal.BEFORE, {"ids": changed})} if changed else {}
    mine = [plan.host, *inside.values(), *(e.source for e in plan.close), *(e.source for e in plan.reword)]
    opened, closed = [edge.id for edge in plan.open], [edge.id for edge in plan.close]
    asked = {"ids": mine, "scope": f"{snapshot.node}/", "opened": opened, "closed": closed}
    standing = [(r["id"], r["source"], r["type"], r["target"]) for r in run(rehearsal.STANDING, asked)]
    ends = {end for edge in plan.open for end in (edge.source, edge.target)}
    ends |= {end for _, source, _, target in standing for end in (source, target)}
    labels = {r["id"]: r["label"] for r in run(rehearsal.LABELS, {"ids": sorted({*ends, *changed})})}
    return Around(labels, before, inside, standing)


def _values(properties: dict[str, Any]) -> dict[str, Value]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in properties.items()}
