"""One run over one target: resolve, look at every place within the rate, report what was seen, and keep the record.

A run never dies of one place: what goes wrong there is its outcome. Places are looked at side by side, each within its
own bounds of time and bytes, so a broken one costs its own slot and delays nobody.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cmdb.errors import EpicentreError, Forbidden, HostKeyChanged, Misconfigured, NotAuthenticated, UnknownName
from cmdb_agents.deliver import Verdict
from cmdb_agents.discover.credentials import Credentials
from cmdb_agents.discover.folder import Folder, kind_named, slug
from cmdb_agents.discover.kind import Kind, Place, Secret, ShownKey, Sight, Task
from cmdb_agents.discover.record import Ended, Looked, Phase, Run, ended
from cmdb_agents.discover.send import Collector, send
from cmdb_agents.discover.targets import Skipped, Target, places
from cmdb_agents.moments import iso
from cmdb_agents.outbox import peek

PATIENCE, SLOW = 5.0, 4
"""Seconds after which a look gives its slot to the next, and how many times `at_once` may be under way for that."""

Gather = Callable[[Target, Sequence[Sight]], Sequence[int]]
"""Reports the places of a run together; how many things of each have changed, in their order."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A target with its places resolved and its secrets opened for each: what a run would do."""

    target: Target
    kind: Kind
    tasks: tuple[Task, ...]
    skipped: tuple[Skipped, ...]


def prepare(folder: Folder, target: Target, credentials: Credentials, now: float) -> Prepared:
    """Resolve names, refuse what is not allowed, and open the secrets that are bound to each place."""
    kind = kind_named(target.kind)
    found, skipped = places(target, kind.port)
    via = _jump(folder, target, credentials)
    tasks = tuple(
        Task(
            place=place,
            folder=folder.state(kind.name),
            secrets=_secrets(credentials, target, kind, place),
            via=via,
            options=target.options,
            known=peek(folder.spool(kind.name, place)) if folder.spool(kind.name, place).exists() else {},
            now=int(now),
        )
        for place in found
    )
    return Prepared(target, kind, tasks, skipped)


def _jump(folder: Folder, target: Target, credentials: Credentials) -> tuple[tuple[Place, tuple[Secret, ...]], ...]:
    if not target.via:
        return ()
    jump = folder.target(target.via)
    kind = kind_named(jump.kind)
    found, skipped = places(jump, kind.port)
    if not found:
        raise Forbidden(f"the jump host {jump.hosts[0]} of {target.name} cannot be used: {skipped[0].why}")
    return ((found[0], _secrets(credentials, jump, kind, found[0])),)


def _secrets(credentials: Credentials, target: Target, kind: Kind, place: Place) -> tuple[Secret, ...]:
    """The target's secrets that are bound to this place and that this kind takes, in the kind's order."""
    opened = []
    for ref in target.credentials:
        try:
            opened.append(credentials.open(ref, place))
        except (Forbidden, UnknownName):
            continue  # said by the look itself: no credential is bound to that place
    return tuple(sorted((s for s in opened if s.kind in kind.takes), key=lambda s: kind.takes.index(s.kind)))


class Pace:
    """Lets places begin no faster than so many in a minute."""

    def __init__(self, rate: int) -> None:
        self._gap, self._next, self._lock = 60.0 / rate, 0.0, threading.Lock()

    def wait(self) -> None:
        """Until the next may begin."""
        with self._lock:
            now = time.monotonic()
            at = max(self._next, now)
            self._next = at + self._gap
        if at > now:
            time.sleep(at - now)


class Slots:
    """Lets so many places be looked at side by side. One that takes long goes on within its own bounds, and its slot is
    free for the next: broken places delay nobody, however many they are.
    """

    def __init__(self, many: int, patience: float) -> None:
        self._many, self._patience = many, patience
        self._turn, self._began = threading.Condition(), dict[object, float]()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """While the block runs."""
        mine = object()
        with self._turn:
            while len(fresh := self._fresh()) >= self._many:
                self._turn.wait(min(60.0, max(0.01, min(fresh) + self._patience - time.monotonic())))
            self._began[mine] = time.monotonic()
        try:
            yield
        finally:
            with self._turn:
                del self._began[mine]
                self._turn.notify()

    def _fresh(self) -> list[float]:
        since = time.monotonic() - self._patience
        return [began for began in self._began.values() if began > since]


def perform(
    folder: Folder,
    prepared: Prepared,
    collector: Collector | None,
    clock: Callable[[], float] = time.time,
    told: Callable[[Looked], None] = lambda _one: None,
    gather: Gather | None = None,
) -> tuple[Run, tuple[Sight | None, ...]]:
    """Look at every place and report it; without a collector nothing is sent. `told` hears of each place as it ends.

    `gather` reports the places of a kind that goes together.
    """
    target, begun = prepared.target, time.monotonic()
    started_at = clock()
    known, before = folder.known(target.name), folder.present(target.name)
    pace = Pace(target.rate)

    # Behind a jump host all of them share its door, which takes so many and no more.
    shared = bool(target.via)
    slots = Slots(target.at_once, math.inf if shared else PATIENCE)

    def one(task: Task) -> tuple[Looked, Sight | None]:
        with slots.taken():
            pace.wait()
            found = _one(folder, prepared, task, collector, clock, known)
        told(found[0])
        return found

    workers = target.at_once if shared else target.at_once * SLOW
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="look") as pool:
        looked = list(pool.map(one, prepared.tasks))
    phases = [Phase("looked and reported", time.monotonic() - begun)]
    if prepared.kind.together:
        phases = [Phase("looked", time.monotonic() - begun)]
        if collector is not None:
            looked = _gathered(prepared, looked, gather)
            phases.append(Phase("reported", time.monotonic() - begun - phases[0].seconds))
    # Gone is what no longer answers; a host that does not let us in, or shows another key, is there.
    there = {p.node for p, _ in looked if p.ended in (Ended.SEEN, Ended.UNSENT)}
    there |= {p.node for p, _ in looked if p.node in before and p.ended is not Ended.SILENT}
    ended_places = [replace(p, gone=p.node in before and p.node not in there) for p, _ in looked]
    sights = tuple(sight for _, sight in looked)
    run = Run(
        id=str(uuid.uuid4()),
        target=target.name,
        kind=prepared.kind.name,
        started_at=iso(started_at),
        ended_at=iso(clock()),
        phases=tuple(phases),
        places=tuple(ended_places),
        skipped=[(s.what, s.why) for s in prepared.skipped],
        neighbours=sorted({n for sight in sights if sight for n in sight.neighbours}),
    )
    folder.keep(run.id, target.name, run.started_at, run.to_wire(), there)
    return run, sights


def _gathered(
    prepared: Prepared, looked: Sequence[tuple[Looked, Sight | None]], gather: Gather | None
) -> list[tuple[Looked, Sight | None]]:
    """All that was seen, reported at once; what could not be is said at each place, and the next run brings it."""
    seen = [sight for _, sight in looked if sight is not None]
    try:
        if gather is None:
            raise Misconfigured(f"this collector has no way to report what {prepared.kind.name} has seen")
        changed = iter(gather(prepared.target, seen) if seen else ())
    except EpicentreError as error:
        return [(replace(p, ended=Ended.UNSENT, why=error.message) if sight else p, sight) for p, sight in looked]
    return [(replace(p, changed=next(changed)) if sight else p, sight) for p, sight in looked]


def _one(
    folder: Folder,
    prepared: Prepared,
    task: Task,
    collector: Collector | None,
    clock: Callable[[], float],
    known: Collection[str],
) -> tuple[Looked, Sight | None]:
    name = slug(prepared.kind.name, task.place)
    node = collector.node(name) if collector else name
    begun = time.monotonic()
    result, sight = _look(folder, prepared, task, Looked(task.place.address, task.place.name, node, Ended.SEEN))
    result = replace(result, seconds=time.monotonic() - begun)
    if sight is None:
        return result, None
    result = replace(
        result, name=task.place.name or sight.name, received=sight.received, new=node not in known,
        unseen=sight.unseen[:20], host_keys=sight.host_keys,
    )  # fmt: skip
    if collector is not None and not prepared.kind.together:
        result = _report(collector, result, folder.spool(prepared.kind.name, task.place), sight, clock())
    return result, sight


def _look(folder: Folder, prepared: Prepared, task: Task, result: Looked) -> tuple[Looked, Sight | None]:
    if folder.locked(task.place):
        why = "three secrets were wrong here; `epicentre discover unlock` once you know why"
        return replace(result, ended=Ended.LOCKED, why=why), None
    try:
        sight = prepared.kind.look(task)
    except EpicentreError as error:
        if isinstance(error, NotAuthenticated):
            folder.wrong(task.place, min(len(task.secrets), 3))
        if isinstance(error, HostKeyChanged):
            result = replace(result, host_keys=(ShownKey(error.place, error.pinned, error.shown),))
        return replace(result, ended=ended(error), why=error.message), None
    except Exception as error:
        # A mistake of ours in one look must not take the others with it; it is said where it happened.
        return replace(result, ended=Ended.BROKEN, why=f"our mistake: {type(error).__name__}"), None
    folder.right(task.place)
    return result, _within(sight, prepared.target.sections)


def _report(collector: Collector, result: Looked, spool: Path, sight: Sight, now: float) -> Looked:
    try:
        outcome, whole = send(collector, result.node, spool, sight, now)
    except EpicentreError as error:
        return replace(result, ended=Ended.UNSENT, why=error.message)
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return replace(result, changed=whole)
        case Verdict.REFUSED:
            return replace(result, ended=Ended.BROKEN, why=outcome.message)
        case _:
            return replace(result, ended=Ended.UNSENT, why=outcome.message)


def _within(sight: Sight, sections: frozenset[str]) -> Sight:
    """Only the sections that the target's scope names; the host itself always, for nothing can be without it."""
    if not sections:
        return sight
    return replace(sight, sections=tuple(s for s in sight.sections if s.name in sections | {"host"}))
