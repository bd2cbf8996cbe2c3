"""What the server counts about itself, for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Counters of one server, in a registry of their own so that two servers in one process stay apart."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._reports = Counter("epicentre_reports", "Reports by outcome.", ["outcome"], registry=self._registry)
        self._applied = Histogram("epicentre_apply_seconds", "Time to apply a report.", registry=self._registry)
        self._requests = Histogram(
            "epicentre_request_seconds", "Time of HTTP requests.", ["route", "status"], registry=self._registry
        )
        self._queue = Gauge("epicentre_inbox_reports", "Reports in the inbox.", ["state"], registry=self._registry)

    def applied(self, outcome: str, seconds: float) -> None:
        """One report was dealt with by the applier."""
        self._reports.labels(outcome).inc()
        self._applied.observe(seconds)

    def received(self, outcome: str) -> None:
        """One report came to the front door."""
        self._reports.labels(outcome).inc()

    def request(self, route: str, status: int, seconds: float) -> None:
        """One HTTP request was answered."""
        self._requests.labels(route, str(status)).observe(seconds)

    def text(self, inbox: Mapping[str, int]) -> bytes:
        """The exposition text; `inbox` counts its reports by state."""
        for state, count in inbox.items():
            self._queue.labels(state).set(count)
        return generate_latest(self._registry)
