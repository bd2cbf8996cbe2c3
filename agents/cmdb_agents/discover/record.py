"""What a run leaves behind: one word for each place, and the counts people look at first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cmdb.errors import EpicentreError, Forbidden, Invalid, Misconfigured, NotAuthenticated, Refused
from cmdb_agents.discover.kind import ShownKey

MAX_NEIGHBOURS = 10_000


class Ended(StrEnum):
    """How a look at one place ended."""

    SEEN = "seen"
    SILENT = "silent"  # nobody there, or not in time
    NOT_LET_IN = "not let in"
    STOPPED = "stopped"  # a host key that is new or has changed: nothing was sent
    LOCKED = "locked"  # too many wrong secrets before; a person must look
    BROKEN = "broken"  # it answered what cannot be used
    UNSENT = "unsent"  # seen, but the front door has not taken it yet: it waits in the spool


def ended(error: EpicentreError) -> Ended:
    """The word for an error of a look."""
    match error:
        case NotAuthenticated() | Forbidden():
            return Ended.NOT_LET_IN
        case Refused():
            return Ended.STOPPED
        case Invalid() | Misconfigured():
            return Ended.BROKEN
        case _:
            return Ended.SILENT


@dataclass(frozen=True, slots=True)
class Looked:
    """One place of a run. `node` is under which id its reports travel; `changed` counts sections that did."""

    address: str
    name: str
    node: str
    ended: Ended
    why: str = ""
    seconds: float = 0.0
    received: int = 0
    new: bool = False
    gone: bool = False  # it was seen in the run before
    changed: int = 0
    unseen: tuple[str, ...] = ()
    host_keys: tuple[ShownKey, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "address": self.address, "name": self.name, "node": self.node, "ended": str(self.ended), "why": self.why,
            "seconds": round(self.seconds, 3), "received": self.received, "new": self.new, "gone": self.gone,
            "changed": self.changed, "unseen": list(self.unseen),
            "host_keys": [{"at": one.at, "pinned": one.pinned, "shown": one.shown} for one in self.host_keys],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a run and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept and sent; times are ISO 8601 UTC."""

    id: str
    target: str
    kind: str
    started_at: str
    ended_at: str
    phases: tuple[Phase, ...]
    places: tuple[Looked, ...]
    skipped: Sequence[tuple[str, str]] = ()
    neighbours: Sequence[str] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """found, changed, gone, errors."""
        return {
            "found": sum(p.new for p in self.places),
            "changed": sum(p.changed > 0 and not p.new for p in self.places),
            "gone": sum(p.gone for p in self.places),
            "errors": sum(p.ended not in (Ended.SEEN, Ended.SILENT) for p in self.places) + len(self.skipped),
        }

    def to_wire(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id, "target": self.target, "kind": self.kind, "started_at": self.started_at,
            "ended_at": self.ended_at,
            "phases": [{"name": p.name, "seconds": round(p.seconds, 3)} for p in self.phases],
            "places": [p.to_wire() for p in self.places],
            "skipped": [{"what": what, "why": why} for what, why in self.skipped],
            "neighbours": list(self.neighbours)[:MAX_NEIGHBOURS], **self.counts,
        }  # fmt: skip
