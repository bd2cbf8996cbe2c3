"""Collectors: what they stop at and a person must judge."""

from cmdb_processes.incident.events import Do, EventRule
from cmdb_processes.timing.conditions import when

RULES = (
    EventRule(
        name="discovery host key",
        sentence="A host shows another SSH key than the pinned one, or a person has pinned that key.",
        source="discovery",
        event_class="security",
        severity="major",
        do=Do.INCIDENT,
        category="security",
        when=when(standing=("changed", "back")),
        over=when(standing="pinned"),
        key=("collector", "place", "shown"),
        window=0,
    ),
)
