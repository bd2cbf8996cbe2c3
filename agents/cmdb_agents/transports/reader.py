"""What a reader of a part of a machine is: one file of `linux/` declares one, and it fills one field of `Machine`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cmdb.registry import discover
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.readings import Trouble


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one field. What changes seldom is read again only after `every` seconds, or when its `stamp` differs."""

    name: str  # of the field
    area: str  # the section that is incomplete when this fails
    read: Callable[[Hand], Any]
    every: float = 0.0
    stamp: Callable[[Hand], object] | None = None
    otherwise: Any = ()  # when it cannot be read at all


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read last, and when."""

    value: Any
    troubles: tuple[Trouble, ...]
    stamp: object
    at: float


@cache  # a collector reads many machines
def _all() -> tuple[Reader, ...]:
    from cmdb_agents.transports import linux

    return tuple(discover(linux, Reader).values())


class Readers:
    """All readers there are, with what they read last."""

    def __init__(self) -> None:
        self._readers = _all()
        self._kept: dict[str, _Kept] = {}

    def read(self, hand: Hand) -> dict[str, Any]:
        """Every field by its name; the troubles go to the hand, also those of what is not read again."""
        found = {}
        for reader in self._readers:
            kept = self._kept[reader.name] = self._fresh(reader, hand)
            hand.troubles += kept.troubles
            found[reader.name] = kept.value
        return found

    def _fresh(self, reader: Reader, hand: Hand) -> _Kept:
        kept, now = self._kept.get(reader.name), time.monotonic()
        stamp = reader.stamp(hand) if reader.stamp else None
        lasting = reader.stamp is not None or reader.every > 0
        if kept is not None and lasting and kept.stamp == stamp and not 0 < reader.every <= now - kept.at:
            return kept
        mine = hand.fresh()
        try:
            value = reader.read(mine)
        except (OSError, ValueError, IndexError, KeyError, RecursionError) as error:
            mine.trouble(reader.area, f"the {reader.name} reading", f"{type(error).__name__}: {why(error)}")
            value = reader.otherwise
        return _Kept(value, tuple(mine.troubles), stamp, now)


def why(error: Exception) -> str:
    """An error in words that do not flutter."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, TimeoutError):
        return "timed out"
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
