"""Hosts that showed another key than the pinned one, as looks of a collector tell it, and what became of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Standing = Literal["changed", "pinned", "back"]
"""The host shows another key than the pinned one; a person has pinned another; it shows the one that was pinned."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """The last time that the host at a place (address and port) showed another key, by fingerprint.

    `standing` is how it is by the newest look, `since` when this server heard of that first.
    """

    collector: str
    place: str
    pinned: str
    shown: str
    standing: Standing
    since: str
    node: str = ""  # under which looks at that place report; of a jump host nobody knows

    @property
    def address(self) -> str:
        """Where the host is, without the port."""
        return _address(self.place)


def follow(
    known: Alarm | None, collector: str, place: Mapping[str, Any], seen: Mapping[str, Any], now: str
) -> Alarm | None:
    """What is known after a look at a place has met a key; None where there never was another than the pinned one."""
    pinned, shown = str(seen["pinned"]), str(seen["shown"])
    if pinned != shown:
        node = str(place["node"]) if place["address"] == _address(str(seen["at"])) else ""
        made = Alarm(collector, str(seen["at"]), pinned, shown, "changed", now, node)
        return known if known is not None and replace(made, since=known.since) == known else made
    if known is None:
        return None
    standing: Standing = "back" if pinned == known.pinned else "pinned"
    return known if standing == known.standing else replace(known, standing=standing, since=now)


def _address(place: str) -> str:
    return place.rpartition(":")[0].strip("[]")
