"""The write path's common parts: ids, the journal's chain, and a plan carried out under the journal's lock."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cmdb import chain
from cmdb.cypher import facts
from cmdb.cypher.facts import Step
from cmdb.errors import Conflict
from cmdb.plan import Plan
from cmdb.reconcile.known import NewId
from cmdb.store import shown
from cmdb.store.session import Run
from cmdb.words.canonical import canonical


def new_id(kind: str) -> str:
    """A random public id, 100 bits, never reused: ci_…, ed_…, rec_…."""
    return f"{kind}_{secrets.token_hex(13)[:25]}"


def new_ids(at_once: int = 1_000) -> NewId:
    """As `new_id`, for one who makes very many: it asks the system for the chance of a thousand ids at a time."""
    drawn: list[str] = []

    def make(kind: str) -> str:
        if not drawn:
            digits = secrets.token_hex(13 * at_once)
            drawn.extend(digits[start : start + 25] for start in range(0, len(digits), 26))
        return f"{kind}_{drawn.pop()}"

    return make


def entry(
    seq: int,
    prev: str,
    now: str,
    *,
    time: str,
    actor: str,
    kind: str,
    summary: str,
    ops: list[dict[str, Any]],
    report: str | None = None,
) -> dict[str, Any]:
    """A journal entry; its hash covers all of it and the previous one's hash.

    `now` is what the clock says; `time` never falls, also when it is set back: the greatest `now` so far.

    `ops` must suffice to rebuild what the transaction did: `cmdb.replay` has a step for each.
    """
    made: dict[str, Any] = {
        "seq": seq, "prev": prev, "at": now, "time": time, "actor": actor, "kind": kind, "summary": summary,
        "ops": canonical(ops), "report": report,
    }  # fmt: skip
    return {**made, "hash": chain.seal(made)}


def append(run: Run, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write the entries of this transaction, in order, at the journal's end.

    What they changed, views are kept by: so this comes last in a transaction.
    """
    last = entries[-1]
    rows = run(facts.JOURNAL, {"seq": last["seq"], "hash": last["hash"], "time": last["time"], "entries": entries})
    shown.follow(run, rows[0]["views"], entries)


def journal(run: Run, lock: Mapping[str, Any], now: str, **what: Any) -> None:
    """Write the only journal entry of this transaction; `what` as in `entry`."""
    append(run, [entry(lock["seq"], lock["prev"], now, time=latest(lock, now), **what)])


def latest(lock: Mapping[str, Any], now: str) -> str:
    """The greatest time of the journal with an entry of now."""
    return max(lock["time"] or "", now)


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
