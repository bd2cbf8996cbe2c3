"""What the graph knows around one node before a report is reconciled. Frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cmdb.claims import NAME, Claims
from cmdb.plan import EdgeClaim, ScopeState
from cmdb.words import Evidence, Ref, Value

SELF = Ref("Host", "self")
CONTAINED = Evidence("agent", "reported by the agent on the host itself", 1.0)
NOTHING_SAID = ScopeState(0)
BOTH, SURE = "both ends", 0.99
"""The surest rung of the evidence ladder: a server's agent says from where it is used, and that is the client."""

WATCHED = "monitoring"
"""Evidence of a contact that only looks at the other end."""

NewId = Callable[[str], str]
EdgeKey = tuple[str, str, str]  # type, source id, target id


@dataclass(frozen=True, slots=True)
class KnownCI:
    """A CI as the graph has it, live or retired; `since` is the journal sequence since which it is as it is."""

    id: str
    cls: str
    key: str
    name: str
    status: str
    rev: int
    source: str
    attributes: Mapping[str, Value]
    claims: Claims = field(default_factory=dict)
    parent: str | None = None
    since: int = 0

    @property
    def values(self) -> dict[str, Value]:
        """The attributes, and the name with them."""
        return {**self.attributes, NAME: self.name}


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """An open edge as the graph has it: the claim believed first (`scope`, `endpoint`, `evidence`) and the others."""

    id: str
    type: str
    source: str
    target: str
    scope: str
    endpoint: str | None
    evidence: Evidence
    also: Mapping[str, EdgeClaim] = field(default_factory=dict)

    @property
    def key(self) -> EdgeKey:
        """Type and ends: there is one open edge of each."""
        return (self.type, self.source, self.target)

    @property
    def claims(self) -> dict[str, EdgeClaim]:
        """Everybody who says that it is there."""
        return {**self.also, self.scope: EdgeClaim(self.endpoint, self.evidence)}


@dataclass(frozen=True, slots=True)
class Caller:
    """The one CI that has an address.

    `speaks`: its own agent has told all its connections and is not silent. `looks`: how many other hosts it was seen
    to take short looks at, as far as that is counted.
    """

    ci: str
    cls: str
    kind: str = ""
    speaks: bool = False
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the graph knows around one node.

    children: everything inside the host by class and local key, retired ones included.
    edges: open edges that start at the host or its children. incoming: open edges from elsewhere to its services and to
    the placeholders of its addresses. listeners: services of other hosts that answer, by endpoint key. placeholders: by
    (parent, key). uses: by its id, how many open edges point at a placeholder at least: those of `edges` and
    `incoming`, and one for all others.
    shared: what is known of the shared things that links name. clients: of services of other hosts by id, who says so
    and from which addresses they are used. reach: the host's addresses of each source of an incoming edge.
    callers: by address, who has one from which its services are used, where that is one CI.
    quiet: scopes that this report says nothing of and whose edges cannot change, so they are not loaded.
    moved: whether incoming edges may lead elsewhere now; if not, only those are loaded that may be confirmed otherwise.
    """

    host: KnownCI | None
    children: Mapping[Ref, KnownCI] = field(default_factory=dict)
    scopes: Mapping[str, ScopeState] = field(default_factory=dict)
    edges: tuple[KnownEdge, ...] = ()
    incoming: tuple[KnownEdge, ...] = ()
    listeners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    placeholders: Mapping[tuple[str | None, str], KnownCI] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)
    shared: Mapping[Ref, KnownCI] = field(default_factory=dict)
    clients: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    reach: Mapping[str, frozenset[str]] = field(default_factory=dict)
    callers: Mapping[str, Caller] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()
    moved: bool = True

    def ci(self, ref: Ref) -> KnownCI | None:
        """The CI a report means by `ref`: the host itself or a child, whatever its status."""
        return self.host if ref == SELF else self.children.get(ref)
