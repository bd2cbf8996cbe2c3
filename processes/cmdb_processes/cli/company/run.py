"""The example's server: the same as any other, without an agent, and with the company in it before anybody may ask."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

from cmdb.applier import utc_now
from cmdb.config import Settings
from cmdb.store import By
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import show
from cmdb_processes.cli.company import folder, loading
from cmdb_processes.cli.company.estate import estate
from cmdb_processes.cli.company.events import DISCOVERY
from cmdb_processes.cli.company.inventory import COMPANY
from cmdb_processes.cli.company.timeline import DAYS, timeline
from cmdb_processes.cli.server.lock import only_one
from cmdb_processes.cli.server.run import Run
from cmdb_processes.cli.transfer.telling import progress

if TYPE_CHECKING:
    from cmdb_graphql.services import Services

TRIES = ("impact vie-access-1 --also vie-access-2", "history vie-hv-3", "change list")


class Demo(Run):
    """A server on the example's folder. `anew`: whatever is in it goes first."""

    def __init__(self, settings: Settings, *, today: date, anew: bool = False) -> None:
        super().__init__(settings, agent=False)
        self._mark = folder.claim(self._home, today)
        if anew or not self._mark.whole:  # a load that was interrupted is begun again
            with only_one(self._home):
                self._mark = folder.anew(self._home, today)

    def _prepare(self, services: Services) -> None:
        if self._mark.whole:
            _heard(services, self._mark.made)
            return
        started = time.monotonic()
        steps = timeline(self._mark.made)
        with progress("steps of its history", len(steps), every=10) as tell:
            ids = loading.play(services.store, steps, tell)
        self._people(services)  # the first account is the admin's
        loading.furnish(services, self._home, ids, self._mark.made, show.note)
        _heard(services, self._mark.made)
        self._mark = folder.write(self._home, folder.Mark(self._mark.made, whole=True))
        show.note(f"loaded in {time.monotonic() - started:.0f} s")

    def _greet(self, client: HttpClient, url: str, started: float) -> None:
        super()._greet(client, url, started)
        show.out(f"\nDEMO: {COMPANY} is made up: {DAYS} days of history up to {self._mark.made}. In another terminal:")
        show.out(f"  export EPICENTRE_HOME={self._home}")
        for words in TRIES:
            show.out(f"  epicentre {words}")
        show.out("`epicentre demo --reset` begins anew, with the dates of that day")


def _heard(services: Services, made: date) -> None:
    """The company's inventory has spoken today: what it does not repeat is not gone."""
    loading.said(services.store, estate(made)[:1], By(DISCOVERY, utc_now(), "still there"))
