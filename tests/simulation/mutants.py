"""Parts that are broken on purpose, each in one way that somebody could break them: the worlds must find them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from unittest.mock import patch

from simulation.disks import Inline
from simulation.world import Parts

from cmdb import reconcile, sqlite
from cmdb.applier import Applier
from cmdb.inbox import Inbox, Queued
from cmdb.reconcile import items
from cmdb.store import reports
from cmdb.store.reports import Outcome
from cmdb.words import Snapshot
from cmdb_agents.memory import Known, Pair
from cmdb_agents.outbox import Draft, Outbox, Waiting

T = TypeVar("T")


class AnswersBeforeTheDisk(Inline):
    """Says that a job is done, and commits it with the next one."""

    _asked = 0

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """The answer first."""
        future: Future[T] = Future()
        try:
            with sqlite.errors(self._path):
                if not self._db.in_transaction:
                    self._db.execute("BEGIN IMMEDIATE")
                future.set_result(work())
        except Exception as error:
            future.set_exception(error)
        self._committed()
        self._asked += 1
        if self._asked % 2 == 0 and self._db.in_transaction:
            self._db.execute("COMMIT")
        return future


class ForgetsBeforeItIsTaken(Outbox):
    """Deletes a report once it is about to be sent."""

    def waiting(self) -> Waiting | None:
        """The report, and it is gone."""
        found = super().waiting()
        if found is not None:
            self.accepted(found, "2026-11-01T00:00:00Z")
        return found


class CountsInMemory(Outbox):
    """Numbers its requests from where it thinks it was."""

    _counter = 0

    def next_counter(self, at_least: int = 0) -> int:
        """A number that a restart makes again."""
        self._counter = max(self._counter + 1, at_least)
        return self._counter


class NumbersByTheClock(Outbox):
    """Numbers its reports by the time of day instead of by one more than before."""

    def put(self, compose: Callable[[int, Mapping[str, str]], Draft], connections: Mapping[Pair, Known]) -> Waiting:
        """The sequence is the draft's time, as seconds."""

        def by_clock(seq: int, base: Mapping[str, str]) -> Draft:
            draft = compose(seq, base)
            if draft.gzip:
                return draft
            taken = re.search(rb'"taken_at":"([^"]+)"', draft.body)
            assert taken is not None
            now = int(datetime.fromisoformat(taken[1].decode()).timestamp())
            return replace(draft, body=re.sub(rb'"seq":\d+', b'"seq":%d' % now, draft.body))

        return super().put(by_clock, connections)


class NeverDrops(Outbox):
    """Keeps all that waits, whatever room there is."""

    def _make_room(self, needed: int) -> int:
        return 0


class TakesReplays(Inbox):
    """Does not look at the numbers of requests."""

    def _count_request(self, node: str, counter: int, now: str) -> None:
        return None


class BelievesInAnyBase(Inbox):
    """Takes a delta whatever it stands on."""

    def _unknown_bases(self, snapshot: Snapshot) -> list[str]:
        return []


class TrustsWhatIsInQuarantine(Inbox):
    """Lets later reports stand on one that never came into the graph."""

    def _failed(self, row: int, reason: str) -> None:
        self._db.execute(
            "UPDATE queue SET attempts = attempts + 1, reason = ?,"
            " state = CASE WHEN attempts + 1 >= 3 THEN 'quarantined' ELSE state END WHERE row = ?",
            (reason, row),
        )


class DoneBeforeApplied(Applier):
    """Takes a report off the queue, then applies it."""

    def _together(self, batch: list[Queued]) -> list[Outcome] | None:
        self._inbox.done(*(queued.row for queued in batch))
        return super()._together(batch)

    def _alone(self, queued: Queued) -> str:
        self._inbox.done(queued.row)
        return super()._alone(queued)


class StopsAtPoison(Applier):
    """Tries what cannot be applied for ever."""

    def _failed(self, queued: Queued, reason: str) -> str:
        return "failed"


@contextmanager
def _partial_retracts() -> Iterator[None]:
    def dropped(snapshot: Any, section: Any, known: Any) -> Iterator[Any]:
        return real(snapshot, replace(section, complete=True), known)

    real = items.dropped
    with patch.object(items, "dropped", dropped):
        yield


@contextmanager
def _by_arrival() -> Iterator[None]:
    everything = lambda snapshot, _scopes: snapshot.sections  # noqa: E731
    with (
        patch.object(items, "fresh", everything),
        patch.object(reconcile.said, "fresh", everything),
        patch.object(reconcile.report, "fresh", everything),
    ):
        yield


@contextmanager
def _twice() -> Iterator[None]:
    class Forgetful(reports._Batch):
        def take(self, snapshot: Snapshot, state: Mapping[str, Any]) -> Outcome:
            return super().take(snapshot, {**state, "applied": False})

    with patch.object(reports, "_Batch", Forgetful):
        yield


BROKEN_PARTS: Mapping[str, Parts] = {
    "acknowledges before the commit": Parts(writer=AnswersBeforeTheDisk),
    "deletes the report before the answer": Parts(outbox=ForgetsBeforeItIsTaken),
    "counts requests in memory": Parts(outbox=CountsInMemory),
    "numbers reports by the clock": Parts(outbox=NumbersByTheClock),
    "lets the spool grow": Parts(outbox=NeverDrops),
    "takes a request twice": Parts(inbox=TakesReplays),
    "believes in any base": Parts(inbox=BelievesInAnyBase),
    "builds on what is in quarantine": Parts(inbox=TrustsWhatIsInQuarantine),
    "takes it off the queue before it is applied": Parts(applier=DoneBeforeApplied),
    "tries poison for ever": Parts(applier=StopsAtPoison),
}
BROKEN_RULES = {
    "a section that could not be seen whole retracts": _partial_retracts,
    "what comes last counts, not what was said last": _by_arrival,
    "applies a report that was applied": _twice,
}
