"""Monitoring: what checks say of hosts and services."""

from cmdb_processes.incident.events import Binding, Do, EventRule
from cmdb_processes.timing.conditions import when

BINDING = Binding("monitor", (("ci", "id"), ("fqdn", "Host.fqdn"), ("host", "name"), ("service", "name")))
RULES = (
    EventRule(
        name="monitor 1 down",
        sentence="A check says that a CI does not work, or works again.",
        source="monitor",
        event_class="availability",
        severity="critical",
        do=Do.INCIDENT,
        category="availability",
        when=when(status="down"),
        over=when(status="up"),
        window=1800,
        condition="down",
        confirmed=True,
    ),
    EventRule(
        name="monitor 2 degraded",
        sentence="A check says that a CI works with less than it should have.",
        source="monitor",
        event_class="availability",
        severity="major",
        do=Do.INCIDENT,
        category="availability",
        when=when(status="degraded"),
        window=1800,
        condition="degraded",
    ),
    EventRule(
        name="monitor 3 threshold",
        sentence="A measure is beyond its threshold: known, not yet a failure.",
        source="monitor",
        event_class="threshold",
        severity="warning",
        do=Do.LOG,
        category="capacity",
        when=when(status="warning"),
    ),
)
