"""The Neo4j driver knows by heart how many days every month of ten thousand years has, and every number of two bytes.

That is 28 MiB of every server, for what takes a microsecond to work out when it is asked.
"""

from __future__ import annotations

import struct
from calendar import isleap, monthrange
from collections.abc import Callable
from importlib import import_module
from typing import Any


class Computed:
    """Looks like a table, and works out what is looked up."""

    def __init__(self, value: Callable[[Any], Any]) -> None:
        self._value = value

    def __getitem__(self, key: Any) -> Any:
        return self._value(key)


_PACKED = {
    "PACKED_UINT_16": Computed(lambda number: struct.pack(">H", number)),
    "UNPACKED_UINT_16": Computed(lambda two: struct.unpack(">H", two)[0]),
}

COMPUTED: dict[str, dict[str, Computed]] = {
    "neo4j.time": {
        "_IS_LEAP_YEAR": Computed(isleap),
        "_DAYS_IN_YEAR": Computed(lambda year: 365 + isleap(year)),
        "_DAYS_IN_MONTH": Computed(lambda month: monthrange(*month)[1]),
    },
    "neo4j._codec.packstream.v1": _PACKED,
    "neo4j._codec.packstream.v2": _PACKED,
}
"""By module of the driver and name in it."""


def forget() -> None:
    """Let the driver work them out. A table that another version has no longer, or under another name, stays."""
    for module, tables in COMPUTED.items():
        try:
            names = vars(import_module(module))
        except ImportError:
            continue
        for name, computed in tables.items():
            if isinstance(names.get(name), dict | list):
                names[name] = computed
