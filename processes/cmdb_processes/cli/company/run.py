"""The example's server: the same as any other, without an agent, and with the company in it before it greets."""

from __future__ import annotations

from datetime import date

from cmdb.config import Settings
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import show
from cmdb_processes.cli.company.folder import claim
from cmdb_processes.cli.company.inventory import COMPANY
from cmdb_processes.cli.company.loading import send
from cmdb_processes.cli.company.timeline import timeline
from cmdb_processes.cli.server.run import Run

TRIES = ("impact vie-hv-1", "impact pg-orders-1 --also pg-orders-2", "impact grz-array --svg grz-array.svg")


class Demo(Run):
    """A server on the example's folder."""

    def __init__(self, settings: Settings, *, today: date) -> None:
        self._made = claim(settings.home, today)
        super().__init__(settings, agent=False)

    def _greet(self, client: HttpClient, url: str, started: float) -> None:
        counts = send(client, timeline(self._made), self._home / "steps")
        told = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items()))
        show.out(f"DEMO: {COMPANY} is made up, as of {self._made}; rows: {told}")
        show.out("try in another terminal (with .venv/bin on your PATH):")
        for words in TRIES:
            show.out(f"  EPICENTRE_HOME={self._home} epicentre {words}")
        super()._greet(client, url, started)
