"""What one report or command will change: the steps of a transaction, without choices left. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.claims import Entry
from cmdb.claims import Said as Entries
from cmdb.words import Evidence, Link, Value


@dataclass(frozen=True, slots=True)
class NewCI:
    """Create a CI."""

    id: str
    cls: str
    key: str
    name: str
    parent: str | None
    source: str
    attributes: Mapping[str, Value]
    search: str = ""


@dataclass(frozen=True, slots=True)
class ChangeCI:
    """Set what differs (None removes); the state before becomes a Version."""

    id: str
    rev: int
    name: str
    status: str
    source: str
    set: Mapping[str, Value]
    search: str | None = None  # None: as before


@dataclass(frozen=True, slots=True)
class EdgeClaim:
    """How one scope knows an edge: the address it was seen at, if it came from a socket, and why it is believed."""

    endpoint: str | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class OpenEdge:
    """Open an edge, dependent → dependency.

    `also` are the claims of other scopes than the one believed first; `because` says why a person re-pointed it.
    """

    id: str
    type: str
    source: str
    target: str
    scope: str
    endpoint: str | None
    evidence: Evidence
    also: Mapping[str, EdgeClaim] = field(default_factory=dict)
    because: str | None = None


@dataclass(frozen=True, slots=True)
class CloseEdge:
    """Close an edge: it stays in the history with its validity. The journal says all of it, so it can be replayed."""

    id: str
    type: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Reword:
    """Put newer claims on an open edge; the edge itself is the same."""

    id: str
    source: str
    scope: str
    endpoint: str | None
    evidence: Evidence
    also: Mapping[str, EdgeClaim] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """A link as stated (its target not yet resolved) and the report that stated it last."""

    seq: int
    link: Link


@dataclass(frozen=True, slots=True)
class ScopeState:
    """What a scope said: the sequence of its newest complete body (0: none yet), and its links."""

    complete: int
    links: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A scope asserts a CI, as `claims.Asserted` says."""

    scope: str
    ci: str
    seq: int | None
    said: Entries | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of one report. `drops` are (scope, CI id); `scopes` the scopes' new states by section."""

    host: str
    create: tuple[NewCI, ...] = ()
    change: tuple[ChangeCI, ...] = ()
    open: tuple[OpenEdge, ...] = ()
    close: tuple[CloseEdge, ...] = ()
    reword: tuple[Reword, ...] = ()
    claims: tuple[Claim, ...] = ()
    drops: tuple[tuple[str, str], ...] = ()
    scopes: Mapping[str, ScopeState] | None = None
    notes: tuple[str, ...] = ()

    def operations(self) -> list[dict[str, Any]]:
        """The journal's record of it: every step in order, as plain values."""
        # Written out for each kind of step: a general walk over dataclasses took most of the time of a large import.
        return [
            *map(_created, self.create),
            *map(_changed, self.change),
            *map(_opened, self.open),
            *({"op": "close", "id": e.id, "type": e.type, "source": e.source, "target": e.target} for e in self.close),
            *({"op": "reword", "id": e.id, "source": e.source, **_known_by(e)} for e in self.reword),
            *({"op": "drop", "scope": scope, "ci": ci} for scope, ci in self.drops),
            *map(_claimed, self.claims),
        ]

    def summary(self) -> str:
        """One line for people: "3 created, 1 changed, 2 edges opened"."""
        retired = sum(c.status == "retired" for c in self.change)
        parts = [
            (len(self.create), "created"),
            (len(self.change) - retired, "changed"),
            (retired, "retired"),
            (len(self.open), "edges opened"),
            (len(self.close), "edges closed"),
        ]
        return ", ".join(f"{n} {word}" for n, word in parts if n) or "nothing changed"


def _created(ci: NewCI) -> dict[str, Any]:
    return {
        "op": "create", "id": ci.id, "cls": ci.cls, "key": ci.key, "name": ci.name, "parent": ci.parent,
        "source": ci.source, "attributes": _values(ci.attributes), "search": ci.search,
    }  # fmt: skip


def _changed(ci: ChangeCI) -> dict[str, Any]:
    return {
        "op": "change", "id": ci.id, "rev": ci.rev, "name": ci.name, "status": ci.status, "source": ci.source,
        "set": _values(ci.set), "search": ci.search,
    }  # fmt: skip


def _opened(edge: OpenEdge) -> dict[str, Any]:
    ends = {"id": edge.id, "type": edge.type, "source": edge.source, "target": edge.target}
    return {"op": "open", **ends, **_known_by(edge), "because": edge.because}


def _known_by(edge: OpenEdge | Reword) -> dict[str, Any]:
    also = {s: {"endpoint": c.endpoint, "evidence": c.evidence.to_wire()} for s, c in edge.also.items()}
    return {"scope": edge.scope, "endpoint": edge.endpoint, "evidence": edge.evidence.to_wire(), "also": also}


def _claimed(claim: Claim) -> dict[str, Any]:
    entries = None if claim.said is None else {name: _entry(entry) for name, entry in claim.said.items()}
    return {"op": "claim", "scope": claim.scope, "ci": claim.ci, "seq": claim.seq, "said": entries}


def _entry(entry: Entry) -> dict[str, Any]:
    return {"value": entry.value, "since": entry.since, "until": entry.until}


def _values(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
