"""What time does by itself: overrides and CIs end on their day; what nobody confirms is stale, retired, forgotten.

Checkpoints of the journal are signed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cmdb.applier import utc_now
from cmdb.checkpoints import Checkpoints
from cmdb.errors import EpicentreError
from cmdb.inbox import Inbox
from cmdb.store import By, Store, Swept

log = logging.getLogger("epicentre.sweeper")
ACTOR = "epicentre"


class Sweeper:
    """A thread that sweeps every `interval` seconds, the first time after one: agents speak before they are missed."""

    def __init__(
        self, store: Store, inbox: Inbox, clock: Callable[[], str] = utc_now, *, interval: float = 60.0,
        checkpoints: Checkpoints | None = None,
    ) -> None:  # fmt: skip
        self._store = store.asking(inbox.forget)  # what a retired CI's agent says next must be whole: so it revives
        self._inbox, self._clock, self._interval = inbox, clock, interval
        self._checkpoints, self._purged = checkpoints, ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the pass in hand and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def step(self) -> Swept:
        """One pass at the clock's now."""
        by = By(ACTOR, self._clock())
        self._store.expire_overrides(by)
        self._store.decide_anew(by)
        swept = self._store.sweep_leases(self._inbox.all_seen(), by)
        self._store.expire_cis(by)
        if self._purged[:10] != by.now[:10]:  # once a day, and at the start
            self._store.purge(by)
            self._purged = by.now
        if self._checkpoints is not None:
            self._checkpoints.note(self._store.head(), by.now)
        return swept

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                self.step()
            except EpicentreError as error:
                log.warning("the sweep is put off: %s", error.message)
            except Exception:
                # A defect of ours must not end the sweeping: the next pass looks at everything again.
                log.exception("the sweep failed")
