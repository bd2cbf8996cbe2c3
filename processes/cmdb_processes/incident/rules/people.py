"""What people say by mail and through the portal."""

from cmdb_processes.incident.events import Binding, Do, EventRule
from cmdb_processes.timing.conditions import when

BINDINGS = (
    Binding("mail", (("ci", "id"), ("service", "name"))),
    Binding("portal", (("ci", "id"), ("service", "name"))),
)
RULES = (
    EventRule(
        name="mail",
        sentence="A letter to the service desk tells of something that does not work.",
        source="mail",
        event_class="report",
        severity="minor",
        do=Do.INCIDENT,
        category="report",
        key=("thread",),
        window=0,
    ),
    EventRule(
        name="portal 1 password",
        sentence="Somebody is locked out and asks for a new password.",
        source="portal",
        event_class="request",
        severity="information",
        do=Do.REQUEST,
        category="request",
        when=when(wants="password"),
        key=("person", "service"),
        item="password",
    ),
    EventRule(
        name="portal 2 report",
        sentence="Somebody tells of something that does not work.",
        source="portal",
        event_class="report",
        severity="minor",
        do=Do.INCIDENT,
        category="report",
        key=("ci", "person"),
    ),
)
