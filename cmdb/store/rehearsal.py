"""What is done and taken back, and reports that are only decided: nothing of it stays, not even a sequence number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from cmdb import identity
from cmdb.classes import catalogue
from cmdb.cypher import facts, rehearsal
from cmdb.cypher import identity as questions
from cmdb.identity import Candidate
from cmdb.imports import Outcome as RowOutcome
from cmdb.imports.report import Around, outcomes
from cmdb.plan import Plan
from cmdb.store import loading, policies
from cmdb.store.deciding import Decided, Deciding, host_attributes
from cmdb.store.reports import SECOND_WORD
from cmdb.store.session import Bolt, Run
from cmdb.words import Ref, Snapshot, Value

T = TypeVar("T")


class _TakenBack(Exception):
    """Not an error: it carries what was seen out of the transaction that it undoes."""

    def __init__(self, result: Any) -> None:
        self.result = result


class Rehearsal(Bolt):
    """A connection whose write transactions are all taken back."""

    def __init__(self, bolt: Bolt) -> None:
        self._real = bolt

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        """As always."""
        return self._real.read(work, timeout=timeout)

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:
        """Run `work` and take back what it wrote."""

        def undone(run: Run) -> None:
            raise _TakenBack(work(run))

        try:
            self._real.write(undone, timeout=timeout)
        except _TakenBack as taken:
            result: T = taken.result
            return result
        raise AssertionError("a rehearsal ends by taking everything back")


TRIES = 3
"""How often a report is rehearsed anew because something was applied meanwhile."""


def rehearse(bolt: Bolt, snapshot: Snapshot, revoked: Collection[str] = ()) -> list[RowOutcome]:
    """What applying a report would come to, row by row: decided as it would be, from the same, and not written.

    Four round trips at most, one more where who might be meant was merged; again when something was applied between
    them. Nobody who applies has to wait for it.
    """

    def work(run: Run) -> list[RowOutcome]:
        for _ in range(TRIES):
            (state,) = run(*_beginning(snapshot))
            decided = _Rehearsed(run, revoked, state).decide(snapshot, state)
            if decided.plan is None:
                return outcomes(snapshot, None, decided.verdict, _why(decided), Around())
            ended, seen = _around(run, snapshot, decided, decided.plan)
            if ended == state["seq"]:
                break
        return outcomes(snapshot, decided.plan, decided.verdict, decided.summary, seen)

    return bolt.read(work, timeout=60.0)


class _Rehearsed(Deciding):
    """Decides with the candidates that came with the beginning."""

    def __init__(self, run: Run, revoked: Collection[str], state: Mapping[str, Any]) -> None:
        super().__init__(run, revoked, policies.in_force(state), int(state["seq"]) + 1)
        self._rows = state["candidates"]

    def _candidates(self, attributes: Mapping[str, Value]) -> list[Candidate]:  # noqa: ARG002  # they are here
        return loading.followed(self._run, self._rows, self._revoked)


def _beginning(snapshot: Snapshot) -> facts.Statement:
    cls, attributes = catalogue().cls("Host"), host_attributes(snapshot)
    wanted = None
    if attributes is not None:
        keys, _ = identity.keys_of(cls, attributes)
        wanted = questions.candidates(cls, keys, attributes, unless=facts.BOUND)
    fresh = [one.name for one in snapshot.sections]
    return facts.unlocked(snapshot.node, snapshot.report_id, fresh, wanted)


def _why(decided: Decided) -> str:
    return f"{decided.summary}: {SECOND_WORD}" if decided.what == "losses" else decided.summary


def _around(run: Run, snapshot: Snapshot, decided: Decided, plan: Plan) -> tuple[int, Around]:
    """What is told with the plan, and the last sequence when that was looked up."""
    inside = {Ref(p["class"], p["key"]): p["id"] for p, _ in decided.around.get("children", ())}
    scope = f"{snapshot.node}/"
    sources = [*(edge.source for edge in plan.close), *(edge.source for edge in plan.reword)]
    ends = {end for edge in plan.open for end in (edge.source, edge.target)}
    told = [*(e.id for e in plan.close), *(e.id for e in plan.reword if e.scope.startswith(scope))]
    asked = {
        "mine": sorted({plan.host, *inside.values(), *sources}), "scope": scope, "told": told,
        "others": [edge.id for edge in plan.reword if not edge.scope.startswith(scope)],
        "changed": [ci.id for ci in plan.change], "ends": sorted(ends | {ci.id for ci in plan.change}),
    }  # fmt: skip
    (row,) = run(rehearsal.LOOK, asked)
    names = {ci.id: ci.name for ci in plan.change}
    known = [*row["ends"], *(end for one in row["standing"] for end in one[2:])]
    labels = {ci: f"{cls} {names.get(ci, name)}" for ci, cls, name in known}
    labels |= {ci.id: f"{ci.cls} {ci.name}" for ci in plan.create}
    before = {p["id"]: _values(p) for p in row["before"]}
    ids = inside | {Ref(ci.cls, ci.key): ci.id for ci in plan.create if ci.parent == plan.host}
    standing = [(edge, source[0], kind, target[0]) for edge, kind, source, target in row["standing"]]
    return int(row["seq"]), Around(labels, before, ids, standing)


def _values(properties: dict[str, Any]) -> dict[str, Value]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in properties.items()}
