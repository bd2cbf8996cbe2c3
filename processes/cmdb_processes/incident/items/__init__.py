"""What can be asked for: each item is one file here, found by itself."""

import sys
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cmdb.registry import discover
from cmdb_processes.incident.catalogue import Item


@cache
def catalogue() -> Mapping[str, Item]:
    """All items by name."""
    return MappingProxyType(discover(sys.modules[__name__], Item, "epicentre.request_items"))
