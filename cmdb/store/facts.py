"""The write path: one report is one transaction, decided inside it under the journal's lock."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb import chain, identity, reconcile
from cmdb.classes import catalogue
from cmdb.cypher import facts
from cmdb.errors import Conflict, Invalid, UnknownName
from cmdb.identity import Boot, Verdict
from cmdb.plan import Plan
from cmdb.reconcile import SELF
from cmdb.reconcile.brake import Loss
from cmdb.store import brake, loading
from cmdb.store.session import Bolt, Run
from cmdb.words import Snapshot, Value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report: applied with its sequence, known already (`seq` of then), or held for a person."""

    kind: str  # "applied" | "known" | "held"
    seq: int
    summary: str
    verdict: Verdict | None = None
    plan: Plan | None = None
    freed: bool = False  # an earlier report of the node need not be held any longer


class _Undo(Exception):
    """Not an error: it carries the outcome out of a transaction that is to be rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def new_id(kind: str) -> str:
    """A random public id, 100 bits, never reused: ci_…, ed_…, rec_…."""
    return f"{kind}_{secrets.token_hex(13)[:25]}"


def apply_report(bolt: Bolt, snapshot: Snapshot, now: str, revoked: Collection[str] = ()) -> Outcome:
    """Apply a report once: identify, plan and write in one transaction. `revoked` agents no longer speak for a CI."""

    def work(run: Run) -> Outcome:
        lock = run(facts.LOCK, {})[0]
        state = run(facts.NODE, {"node": snapshot.node, "report": snapshot.report_id})[0]
        if state["applied"]:
            raise _Undo(Outcome("known", lock["seq"] - 1, "applied before"))
        boots = identity.note_boot(_boots(state["boots"]), snapshot.boot_id, snapshot.seq)
        verdict = _identify(run, snapshot, state, boots, revoked)
        if verdict.outcome in {"conflict", "ambiguous"}:
            return _hold(run, snapshot, lock, verdict, now)
        host = verdict.ci or new_id("ci")
        known = loading.known(run, snapshot, state, host, exists=verdict.ci is not None)
        if losses := brake.believed_not(snapshot, known, state["brakes"]):
            return _brake(run, snapshot, lock, losses, state["brakes"], now)
        plan = reconcile.plan(snapshot, known, host, catalogue(), new_id, lock["seq"])
        write(run, plan, snapshot.node, lock["seq"], now)
        bound = [] if state["host"] is not None else [_bind(snapshot.node, host, verdict)]
        trace = json.dumps(bound[0]["trace"]) if bound else None
        boot_json = json.dumps([[b.boot_id, b.first, b.last] for b in boots])
        run(
            facts.BIND,
            {"node": snapshot.node, "boots": boot_json, "host": host, "seq": lock["seq"], "trace": trace},
        )
        journal(
            run, lock, now, actor=snapshot.node, kind="report", summary=plan.summary(),
            ops=plan.operations() + bound,
            report=snapshot.report_id,
        )  # fmt: skip
        if state["brakes"]:
            run(brake.FREE, {"node": snapshot.node})
        return Outcome("applied", lock["seq"], plan.summary(), verdict, plan, freed=bool(state["brakes"]))

    try:
        return bolt.write(work)
    except _Undo as undo:
        return undo.outcome


def journal(
    run: Run,
    lock: Mapping[str, Any],
    now: str,
    *,
    actor: str,
    kind: str,
    summary: str,
    ops: list[dict[str, Any]],
    report: str | None = None,
) -> None:
    """Write the journal entry of this transaction; its hash covers all of it and the previous one's hash.

    `ops` must suffice to rebuild what the transaction did: `cmdb.replay` has a step for each.
    """
    text = json.dumps(ops, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    entry = {
        "seq": lock["seq"], "prev": lock["prev"], "at": now, "time": max(lock["time"] or "", now), "actor": actor,
        "kind": kind, "summary": summary, "ops": text, "report": report,
    }  # fmt: skip
    run(facts.JOURNAL, {"entry": {**entry, "hash": chain.seal(entry)}, "report": report})


def _bind(node: str, ci: str, verdict: Verdict) -> dict[str, Any]:
    """The journal's record of which CI an agent was found to speak for."""
    return {"op": "bind", "node": node, "ci": ci, "trace": verdict.trace()}


# --- who is it -------------------------------------------------------------------------------------------


def _boots(text: str | None) -> tuple[Boot, ...]:
    return tuple(Boot(*parts) for parts in json.loads(text or "[]"))


def _host_attributes(snapshot: Snapshot) -> Mapping[str, Value] | None:
    items = (item for section in snapshot.sections for item in section.items if item.ref == SELF)
    return next((item.attributes for item in items), None)


def _identify(
    run: Run, snapshot: Snapshot, state: Mapping[str, Any], boots: tuple[Boot, ...], revoked: Collection[str]
) -> Verdict:
    cls = catalogue().cls("Host")
    attributes = _host_attributes(snapshot)
    if state["host"] is not None:
        return identity.identify(cls, snapshot.node, attributes or {}, (), bound=state["host"], boots=boots)
    if attributes is None:
        raise Invalid("the first report of a node must carry the host itself", where="sections")
    found = loading.candidates(run, cls, attributes, revoked)
    apart = frozenset(state["distinct_from"] or ())
    return identity.identify(cls, snapshot.node, attributes, found, distinct_from=apart)


def _brake(
    run: Run, snapshot: Snapshot, lock: Mapping[str, Any], losses: list[Loss], known: list[dict[str, Any]], now: str
) -> Outcome:
    """Hold a report that would retract too much; said again with the same losses it is held once."""
    summary = "; ".join(loss.sentence for loss in losses)
    outcome = Outcome("held", lock["seq"], f"{summary}: a second report or a person must say so too")
    if {b["report"] for b in known if b["id"] in {loss.scope for loss in losses}} == {snapshot.report_id}:
        raise _Undo(outcome)
    rows = [brake.row(loss, snapshot, now) for loss in losses]
    run(brake.HOLD, {"rows": rows, "now": now})
    ops = [{"op": "hold", "scope": loss.scope, "lost": len(loss.lost), "of": loss.of} for loss in losses]
    journal(run, lock, now, actor=snapshot.node, kind="held", summary=summary, ops=ops)
    return outcome


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


_HOLD = """
MERGE (c:IdentityConflict {id: $id})
ON CREATE SET c.opened_at = $now
SET c.node = $node, c.reason = $reason, c.candidates = $candidates, c.trace = $trace, c.outcome = $outcome,
    c.state = 'open', c.hostname = $hostname
"""


def _hold(run: Run, snapshot: Snapshot, lock: Mapping[str, Any], verdict: Verdict, now: str) -> Outcome:
    """Open (or renew) this node's conflict. One conflict per node: its id follows from the node's."""
    conflict = f"cf_{snapshot.node.removeprefix('nd_')}"
    have = run(
        "OPTIONAL MATCH (c:IdentityConflict {id: $id, state: 'open'}) RETURN c.reason AS reason", {"id": conflict}
    )
    outcome = Outcome("held", lock["seq"], verdict.reason, verdict)
    if have[0]["reason"] == verdict.reason:
        raise _Undo(outcome)
    hostname = (_host_attributes(snapshot) or {}).get("hostname")
    run(
        _HOLD,
        {
            "id": conflict,
            "now": now,
            "node": snapshot.node,
            "reason": verdict.reason,
            "outcome": verdict.outcome,
            "candidates": list(verdict.candidates),
            "trace": json.dumps(verdict.trace()),
            "hostname": hostname,
        },
    )
    ops = [{"op": "conflict", "id": conflict, "node": snapshot.node, "candidates": list(verdict.candidates)}]
    journal(run, lock, now, actor=snapshot.node, kind="conflict", summary=verdict.reason, ops=ops)
    return outcome


def write(run: Run, plan: Plan, node: str, seq: int, now: str) -> None:
    """Carry out a plan for a source; under the journal's lock."""
    changed = run(*facts.apply(plan, node, seq, now))[0]["changed"]
    if changed != len(plan.change):
        # Under the journal's lock nobody else can have written; if so, something bypassed the store.
        raise Conflict(f"{len(plan.change)} CIs were to change and {changed} did: the graph was edited from outside")
