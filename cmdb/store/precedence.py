"""Values are decided anew when a policy says otherwise whose word counts: a part at a time, each one journal entry.

What waits is kept at the journal, so that a server that was stopped goes on where it was. Meanwhile reports and
commands are decided under the new policy already.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from cmdb import commands
from cmdb.classes import catalogue
from cmdb.commands import Decided
from cmdb.cypher import facts
from cmdb.cypher import governance as cypher
from cmdb.governance import Policy
from cmdb.plan import Plan
from cmdb.store import loading, policies
from cmdb.store.commands import By
from cmdb.store.facts import journal, write
from cmdb.store.session import Bolt, Run
from cmdb.words import ANY

PART = 500
"""CIs looked at in one transaction; reports are applied between two of them."""
SECONDS = 10.0
"""How long a command or a sweep goes on; the next sweep does the rest."""

Waiting = tuple[str, str, str]
"""A class, an attribute, and the id behind which the next part begins."""


def put_off(run: Run, changed: Iterable[Policy]) -> None:
    """Note that the values of these policies' attributes are to be decided anew; under the journal's lock."""
    new = [(one.cls, str(one.attribute), "") for one in changed if not one.judges]
    if new:
        names = {one[:2] for one in new}
        _keep(run, [*(one for one in _waiting(run) if one[:2] not in names), *new])


def go_on(bolt: Bolt, by: By, seconds: float = SECONDS) -> bool:
    """Decide anew what waits for it; whether all of it is done."""
    end = time.monotonic() + seconds
    while waiting := bolt.read(_waiting):
        if time.monotonic() > end:
            return False
        cls, attribute, after = waiting[0]
        known = cls == ANY or cls in catalogue().classes
        statement = cypher.claimed_by_several(cls, attribute)
        given = {"after": after, "limit": PART}
        rows = bolt.read(partial(_rows, statement, given), timeout=60) if known else []
        bolt.write(partial(_part, waiting[0], [row["id"] for row in rows], by))
    return True


def _rows(statement: str, given: dict[str, object], run: Run) -> list[dict[str, str]]:
    return run(statement, given)


def _part(one: Waiting, ids: Sequence[str], by: By, run: Run) -> None:
    waiting = _waiting(run, lock=True)
    if one not in waiting:
        return  # a policy was set anew meanwhile: it begins again
    cls, attribute, _ = one
    known = policies.read(run).catalogue()
    cis = [loading.known_ci(row["ci"], row["claims"]) for row in run(cypher.CLAIMED, {"ids": list(ids)})]
    live = [ci for ci in cis if ci.status == "live" and ci.cls in known.classes]
    plans = [(ci.id, plan) for ci in live if (plan := commands.believe_anew(known.cls(ci.cls), ci))]
    if plans:
        summary = f"{len(plans)} CIs have another {attribute}: a policy of {cls} says whose word counts"
        _write(run, commands.together(live, [Decided(ci, plan, "") for ci, plan in plans], summary).plan, summary, by)
    left = [] if len(ids) < PART else [(cls, attribute, ids[-1])]
    _keep(run, [*(w for w in waiting if w != one), *left])


def _write(run: Run, plan: Plan, summary: str, by: By) -> None:
    lock = run(facts.LOCK, {})[0]
    plan = replace(plan, scopes=None)
    write(run, plan, by.actor, lock["seq"], by.now)
    journal(run, lock, by.now, actor=by.actor, kind="command", summary=summary, ops=plan.operations())


def _waiting(run: Run, *, lock: bool = False) -> list[Waiting]:
    rows = run(cypher.LOCK_WAITING if lock else cypher.WAITING, {})
    return [tuple(json.loads(text)) for text in rows[0]["waiting"]] if rows else []


def _keep(run: Run, waiting: Sequence[Waiting]) -> None:
    run(cypher.KEEP_WAITING, {"waiting": [json.dumps(one) for one in waiting]})
