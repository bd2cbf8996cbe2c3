"""The sweep of leases: who is stale, fresh again, or over. Batched, each batch one journal entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cmdb import leases
from cmdb.classes import catalogue
from cmdb.cypher import facts, sweep
from cmdb.errors import Conflict, UnknownName
from cmdb.leases import Held
from cmdb.store.commands import By, Commands, Done
from cmdb.store.facts import journal
from cmdb.store.session import Bolt, Run
from cmdb.words import Lease

BATCH = 1_000
"""CIs marked in one transaction."""

MOST_RETIRED = 200
"""CIs retired in one pass, each with what is inside it and in a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a pass did."""

    stale: int
    fresh: int
    retired: tuple[Done, ...]


def sweep_leases(bolt: Bolt, commands: Commands, seen: Mapping[str, str], by: By) -> Swept:
    """One pass. `seen`: when each scope last reported (ISO 8601 UTC), whether it changed anything or not."""
    known = bolt.read(lambda run: run(sweep.SCOPES, {}))[0]["scopes"]
    last = {scope: max(at, seen.get(scope, at)) for scope, at in known}
    shortest = min((c.lease for c in catalogue().classes.values()), key=lambda lease: lease.stale_days)
    quiet = sorted(scope for scope in last if leases.silent(scope, last, shortest, by.now))
    states = _states(_held(bolt, sweep.STALE, [None]), last, by.now)
    _mark(bolt, [ci.id for ci, state in states if state == "fresh"], None, by)
    gone = [ci for ci, state in states if state == "over"]
    chunks = [quiet[start : start + BATCH] for start in range(0, len(quiet), BATCH)]
    fallen = [ci.id for ci, state in _states(_held(bolt, sweep.SILENT, chunks), last, by.now) if state != "fresh"]
    _mark(bolt, fallen, by.now, by)
    fresh = sum(state == "fresh" for _, state in states)
    return Swept(len(fallen), fresh, _retire(commands, gone, by))


def _held(bolt: Bolt, statement: str, chunks: Sequence[list[str] | None]) -> list[Held]:
    found: dict[str, Held] = {}
    for chunk in chunks:
        for row in bolt.read(partial(_rows, statement, chunk), timeout=60):
            found[row["id"]] = Held(row["id"], row["class"], row["parent"], row["scopes"], row["stale_since"])
    return list(found.values())


def _rows(statement: str, scopes: list[str] | None, run: Run) -> list[dict[str, Any]]:
    return run(statement, {"scopes": scopes})


def _states(held: Sequence[Held], last: Mapping[str, str], now: str) -> list[tuple[Held, leases.State]]:
    by_class: dict[str, Lease] = {name: cls.lease for name, cls in catalogue().classes.items()}
    return [(ci, leases.state(ci, last, by_class[ci.cls], now)) for ci in held if ci.cls in by_class]


def _mark(bolt: Bolt, ids: Sequence[str], since: str | None, by: By) -> None:
    for start in range(0, len(ids), BATCH):
        part = list(ids[start : start + BATCH])

        def work(run: Run, part: list[str] = part) -> None:
            lock = run(facts.LOCK, {})[0]
            run(sweep.MARK, {"ids": part, "since": since})
            text = "fresh again" if since is None else "stale: their sources are silent"
            ops = [{"op": "fresh" if since is None else "stale", "cis": part}]
            journal(run, lock, by.now, actor=by.actor, kind="sweep", summary=f"{len(part)} CIs are {text}", ops=ops)

        bolt.write(work)


def _retire(commands: Commands, gone: Sequence[Held], by: By) -> tuple[Done, ...]:
    """Hosts first: what is inside them goes with them."""
    done: list[Done] = []
    taken: set[str] = set()
    for ci in sorted(gone, key=lambda one: (one.parent is not None, one.id))[:MOST_RETIRED]:
        taken.add(ci.id)
        if ci.parent in taken:
            continue
        why = By(by.actor, by.now, f"stale since {ci.stale_since} and still silent")
        try:
            done.append(commands.retire_ci(ci.id, None, why, kind="sweep"))
        except (UnknownName, Conflict):
            continue  # retired by somebody else since it was looked at: that is what was wanted
    return tuple(done)
