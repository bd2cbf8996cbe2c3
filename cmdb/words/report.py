"""What an agent says: items, links and problems in sections of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import Invalid
from cmdb.words.canonical import canonical
from cmdb.words.check import Value

WIRE_SCHEMA = 1
"""Version of the snapshot format between agents and the front door."""


SERVED, GLANCED = "server", "server, short"
"""Evidence that only a server's end has: somebody keeps connections to it, or was only met for short times."""


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names an item of a report by class and local key; an `Endpoint` ref is resolved to whoever listens there."""

    cls: str
    key: str

    def __post_init__(self) -> None:
        if not self.key or len(self.key) > 512:
            raise Invalid("a key has between 1 and 512 characters", where=self.cls)


@dataclass(frozen=True, slots=True)
class Item:
    """One observed CI: the reporting host itself (key "self"), or a thing inside it."""

    cls: str
    key: str
    name: str
    attributes: Mapping[str, Value]

    @property
    def ref(self) -> Ref:
        """How links of the same report name this item."""
        return Ref(self.cls, self.key)

    def to_wire(self) -> dict[str, Any]:
        """Its JSON object."""
        attributes = {k: list(v) if isinstance(v, tuple) else v for k, v in self.attributes.items() if v is not None}
        return {"class": self.cls, "key": self.key, "name": self.name, "attributes": attributes}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an edge is believed. `last_seen` is None while it is seen in every report, else the last time it was."""

    kind: str  # e.g. "socket", "declared"
    detail: str  # one line a person can read: "tcp 127.0.0.1:7687, 4 connections"
    confidence: float  # 0..1, the evidence ladder's rung
    first_seen: str | None = None  # ISO 8601 UTC
    last_seen: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:
            raise Invalid("confidence lies between 0 and 1", where="evidence")

    def to_wire(self) -> dict[str, Any]:
        """Its JSON object."""
        return {
            "kind": self.kind, "detail": self.detail, "confidence": self.confidence,
            "first_seen": self.first_seen, "last_seen": self.last_seen,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """One observed relation, dependent → dependency. `IPAddress` uses `Service` is a server's word on a client."""

    type: str
    source: Ref
    target: Ref
    evidence: Evidence

    @property
    def by_server(self) -> bool:
        """Whether a server says it of whoever has the address: the source is no item of the report."""
        return self.source.cls == "IPAddress" and self.type == "USES"

    def to_wire(self) -> dict[str, Any]:
        """Its JSON object."""
        return {
            "type": self.type,
            "from": {"class": self.source.cls, "key": self.source.key},
            "to": {"class": self.target.cls, "key": self.target.key},
            "evidence": self.evidence.to_wire(),
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be seen, and why. Silence never stands for absence."""

    what: str
    why: str

    def to_wire(self) -> dict[str, Any]:
        """Its JSON object."""
        return {"what": self.what, "why": self.why}


@dataclass(frozen=True, slots=True)
class Section:
    """What one collector says. `complete` means: what is not listed is not there; else nothing is retracted."""

    name: str
    complete: bool
    items: tuple[Item, ...] = ()
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """The JSON object of this section, without its hash."""
        return {
            "complete": self.complete,
            "items": [i.to_wire() for i in self.items],
            "links": [k.to_wire() for k in self.links],
            "problems": [p.to_wire() for p in self.problems],
        }

    def canonical(self) -> Iterator[str]:
        """The canonical JSON of its object piece by piece: a long list never stands in memory as JSON objects."""
        yield '{"complete":' + canonical(self.complete)
        for name, rows in (("items", self.items), ("links", self.links), ("problems", self.problems)):
            before = f',"{name}":['
            for row in rows:
                yield before + canonical(row.to_wire())
                before = ","
            yield "]" if rows else before + "]"
        yield "}"


def section_hash(wire: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a section's canonical JSON: sorted keys, no spaces, UTF-8."""
    import hashlib  # late: it loads OpenSSL, and agents take the hash of what `canonical` says elsewhere

    return hashlib.sha256(canonical(wire).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One report of one node. `sections` came whole; `unchanged` maps the names of the others to their known hash.

    `seq` rises by one with each report of a node; it, never a clock, decides what is newer.
    """

    report_id: str
    node: str
    boot_id: str
    seq: int
    taken_at: str
    sections: tuple[Section, ...]
    hashes: Mapping[str, str]  # of every section, whole or unchanged

    def __post_init__(self) -> None:
        if self.seq < 1:
            raise Invalid("must be 1 or more", where="seq")

    @property
    def unchanged(self) -> frozenset[str]:
        """The sections that did not travel."""
        return frozenset(self.hashes) - {s.name for s in self.sections}
