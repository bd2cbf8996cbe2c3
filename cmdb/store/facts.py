"""The write path: one report is one transaction, decided inside it under the journal's lock."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb import identity, reconcile
from cmdb.classes import catalogue
from cmdb.cypher import facts
from cmdb.endpoints import parse
from cmdb.errors import Conflict, Invalid
from cmdb.identity import Boot, Candidate, Verdict
from cmdb.plan import Plan, ScopeState
from cmdb.reconcile import SELF, Known, KnownCI, KnownEdge
from cmdb.store.session import Bolt, Run
from cmdb.words import Ref, Snapshot, Value

_BASE = frozenset(
    {"id", "class", "name", "status", "rev", "first_seen", "parent", "key", "source", "search", "valid_from"}
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report: applied with its sequence, known already (`seq` of then), or held for a person."""

    kind: str  # "applied" | "known" | "held"
    seq: int
    summary: str
    verdict: Verdict | None = None
    plan: Plan | None = None


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
        known = _known(run, snapshot, state, host, exists=verdict.ci is not None)
        plan = reconcile.plan(snapshot, known, host, catalogue(), new_id)
        _write(run, plan, snapshot.node, lock["seq"], now)
        trace = json.dumps(verdict.trace()) if state["host"] is None else None
        boot_json = json.dumps([[b.boot_id, b.first, b.last] for b in boots])
        run(
            facts.BIND,
            {"node": snapshot.node, "boots": boot_json, "host": host, "seq": lock["seq"], "trace": trace},
        )
        journal(
            run, lock, now, actor=snapshot.node, kind="report", summary=plan.summary(), ops=plan.operations(),
            report=snapshot.report_id,
        )  # fmt: skip
        return Outcome("applied", lock["seq"], plan.summary(), verdict, plan)

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
    """Write the journal entry of this transaction; its hash covers the previous one's, so the order is provable."""
    text = json.dumps(ops, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sealed = "\n".join([lock["prev"], str(lock["seq"]), now, actor, kind, summary, text])
    run(
        facts.JOURNAL,
        {
            "seq": lock["seq"],
            "prev": lock["prev"],
            "hash": hashlib.sha256(sealed.encode()).hexdigest(),
            "at": now,
            "actor": actor,
            "kind": kind,
            "summary": summary,
            "ops": text,
            "report": report,
        },
    )


# --- who is it ---------------------------------------------------------------------------------------------


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
    keys, _ = identity.hygiene(attributes)
    uuid = keys.get("smbios_uuid")
    uuids = identity.uuid_variants(uuid) if isinstance(uuid, str) else ()
    found = [
        Candidate(row["id"], _values(row["attributes"]), frozenset(row["nodes"]) - frozenset(revoked))
        for row in run(*facts.candidates(keys, attributes, uuids))
    ]
    apart = frozenset(state["distinct_from"] or ())
    return identity.identify(cls, snapshot.node, attributes, found, distinct_from=apart)


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


# --- what is known -----------------------------------------------------------------------------------------


def _values(properties: Mapping[str, Any]) -> dict[str, Value]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in properties.items() if k not in _BASE}


def _known_ci(properties: Mapping[str, Any], claims: Collection[list[Any]] = ()) -> KnownCI:
    return KnownCI(
        id=properties["id"],
        cls=properties["class"],
        key=properties["key"],
        name=properties["name"],
        status=properties["status"],
        rev=properties["rev"],
        source=properties["source"],
        attributes=_values(properties),
        claims=dict(claims),
    )


def _known_edge(row: list[Any]) -> KnownEdge:
    properties, kind, source, target = row
    return KnownEdge(
        properties["id"], kind, source, target, properties["scope"], properties.get("endpoint"),
        facts.evidence(properties),
    )  # fmt: skip


def _known(run: Run, snapshot: Snapshot, state: Mapping[str, Any], host: str, *, exists: bool) -> Known:
    scopes = {
        section: ScopeState(complete, tuple(facts.said_from_json(parts) for parts in json.loads(links)))
        for section, complete, links in state["scopes"]
    }
    around = run(facts.AROUND, {"host": host}) if exists else []
    known = Known(
        host=_known_ci(around[0]["host"], around[0]["claims"]) if around else None,
        children={
            # What a removed extension had declared stays as it is: nobody can say any more what belongs to it.
            Ref(p["class"], p["key"]): _known_ci(p, claims)
            for p, claims in (around[0]["children"] if around else ())
            if p["class"] in catalogue().classes
        },
        scopes=scopes,
        edges=tuple(_known_edge(row) for row in (around[0]["edges"] if around else ())),
    )
    return _beyond(run, snapshot, known, host)


def _beyond(run: Run, snapshot: Snapshot, known: Known, host: str) -> Known:
    named = reconcile.endpoints_named(snapshot, known.scopes)
    own = reconcile.addresses(snapshot, known)
    foreign = {parse(k).address for k in named if not parse(k).loopback} - own
    parameters = {
        "host": host,
        "keys": sorted(named),
        "own": sorted(own),
        "foreign": sorted(foreign),
        "targets": sorted({e.target for e in known.edges}),
    }
    row = run(facts.BEYOND, parameters)[0]
    hosts = [
        (frozenset(addresses), [(service, tuple(listens)) for service, listens in services])
        for addresses, services in row["listeners"]
    ]
    return Known(
        host=known.host,
        children=known.children,
        scopes=known.scopes,
        edges=known.edges,
        incoming=tuple({row[0]["id"]: _known_edge(row) for row in row["incoming"]}.values()),
        listeners=reconcile.answering(named, hosts),
        placeholders={(p.get("parent"), p["key"]): _known_ci(p) for p, _ in row["placeholders"]},
        uses={p["id"]: uses for p, uses in row["placeholders"]},
    )


def _write(run: Run, plan: Plan, node: str, seq: int, now: str) -> None:
    changed = run(*facts.apply(plan, node, seq, now))[0]["changed"]
    if changed != len(plan.change):
        # Under the journal's lock nobody else can have written; if so, something bypassed the store.
        raise Conflict(f"{len(plan.change)} CIs were to change and {changed} did: the graph was edited from outside")
