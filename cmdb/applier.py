"""The one applier of a database: takes reports from the inbox in order and applies each once.

It takes no hints, may run twice, and wakes by poke and by clock: what it does follows from the inbox and the graph.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from cmdb import ingest
from cmdb.errors import EpicentreError, StoreUnavailable
from cmdb.inbox import Inbox, Queued
from cmdb.moments import iso
from cmdb.store import By, Outcome, Store
from cmdb.store.conflicts import Word
from cmdb.words import Snapshot

log = logging.getLogger("epicentre.applier")
TOGETHER = 32
"""Reports in one transaction at most: its fixed costs are shared by then, and others wait little for the lock."""


@dataclass(frozen=True, slots=True)
class Agents:
    """What the applier must know of enrolment: who is revoked, and how to revoke."""

    revoked: Callable[[], Collection[str]]
    revoke: Callable[[str], None]


def utc_now() -> str:
    """Now, ISO 8601 in UTC with milliseconds."""
    return iso(datetime.now(UTC))


class Applier:
    """A thread that applies queued reports. `observe` is told (outcome, seconds) of each."""

    def __init__(
        self,
        inbox: Inbox,
        store: Store,
        agents: Agents,
        observe: Callable[[str, float], None] = lambda _outcome, _seconds: None,
        clock: Callable[[], str] = utc_now,
    ) -> None:
        self._clock = clock
        self._inbox, self._store, self._agents, self._observe = inbox, store, agents, observe
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="applier", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the reports in hand and stop."""
        self._stopping.set()
        self._inbox.poke()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def idle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is queued; False when the time ran out first."""
        deadline = time.monotonic() + timeout
        while self._inbox.depth() > 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def resolve_conflict(self, conflict: str, word: Word, actor: str) -> None:
        """Carry out a person's word on an identity conflict, and let the held reports go on."""
        resolution = self._store.resolve_conflict(conflict, word, actor, self._clock())
        for node in resolution.revoke:
            self._agents.revoke(node)
        if resolution.release is not None:
            self._inbox.release(resolution.release)

    def release_held(self, scope: str, by: By) -> None:
        """Believe the loss that holds a scope's report, and let the report go on."""
        self._inbox.release(self._store.release_held(scope, by))

    def step(self) -> bool:
        """Apply the next queued reports; False when there is none."""
        batch = self._inbox.batch(TOGETHER)
        if not batch:
            return False
        started = time.monotonic()
        outcomes = self._together(batch) if len(batch) > 1 else None
        if outcomes is None:  # one of them is wrong: one by one, it alone fails
            for queued in batch:
                started = time.monotonic()
                self._observe(self._alone(queued), time.monotonic() - started)
            return True
        self._settle(list(zip(batch, outcomes, strict=True)))
        for outcome in outcomes:
            self._observe(outcome.kind, (time.monotonic() - started) / len(outcomes))
        return True

    def _together(self, batch: list[Queued]) -> list[Outcome] | None:
        try:
            snapshots = [_snapshot(queued) for queued in batch]
            return self._store.apply_all(snapshots, self._clock(), self._agents.revoked())
        except StoreUnavailable:
            raise  # nobody's fault: they stay where they are, and their attempts are not counted
        except Exception as error:
            log.info("%d reports could not be applied together: %s", len(batch), error)
            return None

    def _alone(self, queued: Queued) -> str:
        try:
            outcome = self._store.apply(_snapshot(queued), self._clock(), self._agents.revoked())
        except StoreUnavailable:
            raise  # not the report's fault
        except EpicentreError as error:
            return self._failed(queued, error.message)
        except Exception as error:
            # A defect of ours must not stop the reports behind this one: it is kept, with its reason, for a person.
            log.exception("report %s could not be applied", queued.report_id)
            return self._failed(queued, f"{type(error).__name__}: {error}")
        self._settle([(queued, outcome)])
        return outcome.kind

    def _settle(self, settled: list[tuple[Queued, Outcome]]) -> None:
        """Tell the inbox what became of reports that the graph has decided on."""
        if rows := [queued.row for queued, outcome in settled if outcome.kind != "held"]:
            self._inbox.done(*rows)
        for queued, outcome in settled:
            if outcome.kind == "held":
                self._inbox.hold(queued.row, outcome.summary)
            elif outcome.freed:
                # It is older now, so it changes nothing, but it must not wait for ever.
                self._inbox.release(queued.node)

    def _failed(self, queued: Queued, reason: str) -> str:
        log.warning("report %s of %s failed: %s", queued.report_id, queued.node, reason)
        self._inbox.failed(queued.row, reason)
        return "failed"

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            try:
                if not self.step():
                    self._inbox.wait(1.0)
                pause = 0.0
            except StoreUnavailable as error:
                pause = min(5.0, pause * 2 or 0.25)
                log.warning("%s (next try in %.1f s)", error.message, pause)
                self._stopping.wait(pause)
            except Exception:
                # The inbox itself failed (disk full): nothing is lost there, so wait for room and go on.
                pause = min(5.0, pause * 2 or 0.25)
                log.exception("the applier could not go on (next try in %.1f s)", pause)
                self._stopping.wait(pause)


def _snapshot(queued: Queued) -> Snapshot:
    return queued.snapshot or ingest.parse(queued.raw)
