"""Reports into the graph: several in one transaction, each decided inside it under the journal's lock.

Each report keeps its own sequence and its own journal entry. Reports whose edges stay as they are only write to their
own CIs, so they are collected and written together; the others are written in their turn, seeing all before them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.cypher import facts
from cmdb.cypher.facts import Bind, Step
from cmdb.errors import UnknownName
from cmdb.identity import Candidate, Verdict
from cmdb.moments import hours, iso_utc
from cmdb.plan import Plan
from cmdb.reconcile.known import NewId
from cmdb.store import brake, policies
from cmdb.store.deciding import Decided, Deciding, host_attributes
from cmdb.store.facts import append, entry, journal, latest, new_id, write_all
from cmdb.store.session import Bolt, Run
from cmdb.words import Snapshot, Value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report: applied with its sequence, known already (`seq` of then), held for a person, or left
    aside because an agent on the machine says it (covered)."""

    kind: str  # "applied" | "known" | "held" | "covered"
    seq: int
    summary: str
    verdict: Verdict | None = None
    plan: Plan | None = None
    freed: bool = False  # an earlier report of the node need not be held any longer


SECOND_WORD = "a second report or a person must say so too"
"""What a report waits for that would retract too much."""
LATE = 0.2
"""Hours after which a report is said to have been taken earlier."""


class _Undo(Exception):
    """Not an error: it carries the outcomes out of a transaction that is to be rolled back."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes


def apply_reports(
    bolt: Bolt, snapshots: Sequence[Snapshot], now: str, revoked: Collection[str] = (), new_id: NewId = new_id
) -> list[Outcome]:
    """Apply reports of different nodes, each once, all in one transaction: what one of them raises undoes them all.

    `revoked` agents no longer speak for a CI.
    """

    def work(run: Run) -> list[Outcome]:
        batch = _Batch(run, now, revoked, new_id)
        rows = run(
            facts.NODES,
            {
                "rows": [
                    {"node": s.node, "report": s.report_id, "fresh": [one.name for one in s.sections]}
                    for s in snapshots
                ]
            },
        )
        states = {row["node"]: row for row in rows}
        outcomes = [batch.take(snapshot, states[snapshot.node]) for snapshot in snapshots]
        if not batch.close():
            raise _Undo(outcomes)
        return outcomes

    try:
        return bolt.write(work)
    except _Undo as undo:
        return undo.outcomes


class _Batch(Deciding):
    """One transaction: the journal's next sequence, the entries so far, and plans that wait to be written."""

    def __init__(self, run: Run, now: str, revoked: Collection[str], new_id: NewId) -> None:
        lock = run(facts.LOCK, {})[0]
        super().__init__(run, revoked, policies.in_force(lock), int(lock["seq"]), new_id)
        self._now, self._prev, self._time = now, str(lock["prev"]), latest(lock, now)
        self._entries: list[dict[str, Any]] = []
        self._waiting: list[Step] = []
        self._hosts: set[str] = set()

    def take(self, snapshot: Snapshot, state: Mapping[str, Any]) -> Outcome:
        """Decide one report, and do what was decided."""
        decided = self.decide(snapshot, state)
        self._hosts.add(decided.host)
        if decided.what in {"known", "covered"}:
            return Outcome(decided.what, self._seq - 1, decided.summary, decided.verdict)
        if decided.what == "losses":
            return self._brake(snapshot, decided, state["brakes"])
        if decided.plan is None or decided.verdict is None:
            return self._hold(snapshot, decided)
        return self._apply(snapshot, state, decided, decided.plan, decided.verdict)

    def _apply(
        self, snapshot: Snapshot, state: Mapping[str, Any], decided: Decided, plan: Plan, verdict: Verdict
    ) -> Outcome:
        trace = json.dumps(verdict.trace()) if state["host"] is None else None
        ops: list[dict[str, Any]] = []
        if trace is not None:
            ops = [{"op": "bind", "node": snapshot.node, "ci": decided.host, "trace": verdict.trace()}]
        boots = json.dumps([[b.boot_id, b.first, b.last] for b in decided.boots])
        self._waiting.append(Step(plan, snapshot.node, self._seq, Bind(snapshot.node, decided.host, boots, trace)))
        if not decided.still:
            self._write()
        if state["brakes"]:
            self._run(brake.FREE, {"node": snapshot.node})
        summary = plan.summary() + _late(snapshot.taken_at, self._now)
        seq = self._enter(snapshot, "report", summary, plan.operations() + ops, report=snapshot.report_id)
        return Outcome("applied", seq, plan.summary(), verdict, plan, freed=bool(state["brakes"]))

    def close(self) -> bool:
        """Write what waits, then the journal; False when there is nothing to write at all."""
        self._write()
        if self._entries:
            append(self._run, self._entries)
        return bool(self._entries)

    def _write(self) -> None:
        if self._waiting:
            write_all(self._run, self._waiting, self._now)
            self._waiting.clear()

    def _candidates(self, attributes: Mapping[str, Value]) -> list[Candidate]:
        self._write()  # what the reports before this one said of their hosts counts
        return super()._candidates(attributes)

    def _around(self, state: Mapping[str, Any], ci: str) -> Mapping[str, Any]:
        """As loaded for all, unless it was not bound then or was changed since."""
        if ci in self._hosts:
            self._write()
            return self._run(facts.HOST, {"host": ci})[0]
        return super()._around(state, ci)

    def _enter(
        self, snapshot: Snapshot, kind: str, summary: str, ops: list[dict[str, Any]], report: str | None = None
    ) -> int:
        made = entry(
            self._seq,
            self._prev,
            self._now,
            time=self._time,
            actor=snapshot.node,
            kind=kind,
            summary=summary,
            ops=ops,
            report=report,
        )
        self._entries.append(made)
        self._seq, self._prev = self._seq + 1, made["hash"]
        return int(made["seq"])

    # --- what waits for a second word ------------------------------------------------------------------------

    def _brake(self, snapshot: Snapshot, decided: Decided, known: list[dict[str, Any]]) -> Outcome:
        """Hold a report that would retract too much; said again with the same losses it is held once."""
        losses, summary = decided.losses, decided.summary
        outcome = Outcome("held", self._seq, f"{summary}: {SECOND_WORD}")
        if {b["report"] for b in known if b["id"] in {loss.scope for loss in losses}} == {snapshot.report_id}:
            return outcome
        rows = [brake.row(loss, snapshot, self._now) for loss in losses]
        self._run(brake.HOLD, {"rows": rows, "now": self._now})
        ops = [{"op": "hold", "scope": loss.scope, "lost": len(loss.lost), "of": loss.of} for loss in losses]
        self._enter(snapshot, "held", summary, ops)
        return outcome

    def _hold(self, snapshot: Snapshot, decided: Decided) -> Outcome:
        """Open (or renew) this node's conflict. One conflict per node: its id follows from the node's."""
        verdict = decided.verdict
        assert verdict is not None, "who is meant was asked"
        conflict = f"cf_{snapshot.node.removeprefix('nd_')}"
        outcome = Outcome("held", self._seq, verdict.reason, verdict)
        if self._run(_HELD, {"id": conflict})[0]["reason"] == verdict.reason:
            return outcome
        self._run(
            _HOLD,
            {
                "id": conflict,
                "now": self._now,
                "node": snapshot.node,
                "reason": verdict.reason,
                "outcome": verdict.outcome,
                "candidates": list(verdict.candidates),
                "trace": json.dumps(verdict.trace()),
                "hostname": (host_attributes(snapshot) or {}).get("hostname"),
            },
        )
        ops = [{"op": "conflict", "id": conflict, "node": snapshot.node, "candidates": list(verdict.candidates)}]
        self._enter(snapshot, "conflict", verdict.reason, ops)
        return outcome


_HELD = "OPTIONAL MATCH (c:IdentityConflict {id: $id, state: 'open'}) RETURN c.reason AS reason"
_HOLD = """
MERGE (c:IdentityConflict {id: $id})
ON CREATE SET c.opened_at = $now
SET c.node = $node, c.reason = $reason, c.candidates = $candidates, c.trace = $trace, c.outcome = $outcome,
    c.state = 'open', c.hostname = $hostname
"""


def _late(taken_at: str, now: str) -> str:
    """Of a report that waited somewhere: when it was taken. The journal's own time never goes back."""
    try:
        waited = hours(taken_at, now)
    except ValueError:
        return ""  # no day of any calendar, as clocks without a battery have it
    return f"; taken at {iso_utc(taken_at)}" if waited > LATE else ""


def release_held(bolt: Bolt, scope: str, actor: str, now: str, reason: str) -> str:
    """A person believes the loss that holds a scope; returns the node whose report goes on."""

    def work(run: Run) -> str:
        lock = run(facts.LOCK, {})[0]
        rows = run(brake.RELEASE, {"id": scope, "by": actor})
        if not rows:
            raise UnknownName(f"no report of {scope!r} is held")
        summary = f"released the loss of {len(json.loads(rows[0]['lost']))} of {rows[0]['of']} items of {scope}"
        summary += f": {reason}" if reason else ""
        journal(run, lock, now, actor=actor, kind="command", summary=summary, ops=[{"op": "release", "scope": scope}])
        return str(rows[0]["node"])

    return bolt.write(work)
