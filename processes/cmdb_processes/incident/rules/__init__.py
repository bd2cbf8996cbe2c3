"""The event catalogue: rules and bindings of a source are one file here, or of an entry point, found by themselves."""

import sys
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cmdb.registry import discover
from cmdb_processes.incident.events import Binding, EventRule

GROUP = "epicentre.event_rules"


@cache
def rules() -> tuple[EventRule, ...]:
    """All rules, in the order of their names: the first that fits an event decides."""
    return tuple(discover(sys.modules[__name__], EventRule, GROUP).values())


@cache
def bindings() -> Mapping[str, Binding]:
    """How the events of each source find their CI, by source."""
    return MappingProxyType(discover(sys.modules[__name__], Binding, GROUP))
