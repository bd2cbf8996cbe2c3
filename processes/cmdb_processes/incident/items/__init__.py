"""What can be asked for: each item is one file here, found by itself."""

import sys

from cmdb.registry import discover
from cmdb_processes.incident.catalogue import Item


def catalogue() -> dict[str, Item]:
    """All items by name."""
    return discover(sys.modules[__name__], Item)
