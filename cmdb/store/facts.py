"""The write path's common parts: ids, the journal's chain, and a plan carried out under the journal's lock."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cmdb.cypher import facts
from cmdb.cypher.facts import Step
from cmdb.errors import Conflict
from cmdb.plan import Plan
from cmdb.store.session import Run


def new_id(kind: str) -> str:
    """A random public id, 100 bits, never reused: ci_…, ed_…, rec_…."""
    return f"{kind}_{secrets.token_hex(13)[:25]}"


def entry(
    seq: int,
    prev: str,
    now: str,
    *,
    actor: str,
    kind: str,
    summary: str,
    ops: list[dict[str, Any]],
    report: str | None = None,
) -> dict[str, Any]:
    """A journal entry; its hash covers the previous one's, so the order is provable."""
    text = json.dumps(ops, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sealed = "\n".join([prev, str(seq), now, actor, kind, summary, text])
    return {
        "seq": seq,
        "prev": prev,
        "hash": hashlib.sha256(sealed.encode()).hexdigest(),
        "at": now,
        "actor": actor,
        "kind": kind,
        "summary": summary,
        "ops": text,
        "report": report,
    }


def append(run: Run, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write the entries of this transaction, in order, at the journal's end; the last thing it does."""
    last = entries[-1]
    run(facts.JOURNAL, {"seq": last["seq"], "hash": last["hash"], "entries": entries})


def journal(run: Run, lock: Mapping[str, Any], now: str, **what: Any) -> None:
    """Write the only journal entry of this transaction; `what` as in `entry`."""
    append(run, [entry(lock["seq"], lock["prev"], now, **what)])


def write(run: Run, plan: Plan, node: str, seq: int, now: str) -> None:
    """Carry out a plan for a source; under the journal's lock."""
    write_all(run, [Step(plan, node, seq)], now)


def write_all(run: Run, steps: Sequence[Step], now: str) -> None:
    """Carry out several plans that do not touch each other, as one statement; under the journal's lock."""
    planned = sum(len(step.plan.change) for step in steps)
    changed = run(*facts.apply(steps, now))[0]["changed"]
    if changed != planned:
        # Under the journal's lock nobody else can have written; if so, something bypassed the store.
        raise Conflict(f"{planned} CIs were to change and {changed} did: the graph was edited from outside")
