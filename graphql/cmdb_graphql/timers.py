"""What time does to process records by itself: auto-close, expiry, re-assessment, as each process declares it.

A thread asks every timer what is due and gives those commands as the process. Nothing is remembered between two
sweeps, so a restart loses nothing, and what could not be done is due again in the next.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cmdb.applier import utc_now
from cmdb.errors import EpicentreError, StoreUnavailable
from cmdb.words import Process, Timer
from cmdb_graphql.client import LocalClient
from cmdb_graphql.records.carry import Carrying, system
from cmdb_graphql.services import Services

log = logging.getLogger("epicentre.timers")


class Timers:
    """A thread that sweeps every `interval` seconds, the first time after one."""

    def __init__(self, services: Services, clock: Callable[[], str] = utc_now, *, interval: float = 30.0) -> None:
        self._services, self._clock, self._interval = services, clock, interval
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        """Begin to wait; without any timer there is nothing to wait for."""
        if any(process.timers for process in self._services.processes.values()):
            self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the command in hand and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def step(self) -> int:
        """One sweep; how many commands were carried out. One timer's trouble is no other's."""
        done = 0
        for process in self._services.processes.values():
            for timer in process.timers:
                try:
                    done += self._sweep(process, timer)
                except StoreUnavailable:
                    raise  # for every timer alike
                except Exception:
                    log.exception(
                        "timer %s of %s failed; it is asked again in the next sweep", timer.name, process.name
                    )
        return done

    def _sweep(self, process: Process, timer: Timer) -> int:
        who = system(process)
        carrying = Carrying(self._services, who, self._clock)
        done = 0
        for tried, effect in enumerate(timer.due(LocalClient(self._services, who).ask, self._clock())):
            # What is refused for ever must neither keep the others waiting nor make a sweep endless.
            if self._stopping.is_set() or done == timer.most or tried == 10 * timer.most:
                break
            try:
                carrying.follow(effect)
                done += 1
            except StoreUnavailable:
                raise
            except EpicentreError as error:  # a rule says no, or somebody was faster: looked at again next time
                log.info("timer %s of %s: %s %s: %s", timer.name, process.name, effect.command, effect.number, error)
        return done

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                self.step()
            except EpicentreError as error:
                log.warning("timers are put off: %s", error.message)
            except Exception:
                # A defect of ours must not end the sweeping: the next pass looks at everything again.
                log.exception("the timers failed")
