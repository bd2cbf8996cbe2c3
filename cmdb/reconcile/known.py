"""What the graph knows around one node before a report is reconciled. Frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cmdb.plan import ScopeState
from cmdb.words import Evidence, Ref, Value

SELF = Ref("Host", "self")
CONTAINED = Evidence("agent", "reported by the agent on the host itself", 1.0)
NOTHING_SAID = ScopeState(0)

NewId = Callable[[str], str]
EdgeKey = tuple[str, str, str]  # type, source id, target id


@dataclass(frozen=True, slots=True)
class KnownCI:
    """A CI as the graph has it, live or retired; `claims` maps the scopes that assert it to `Claim.seq`."""

    id: str
    cls: str
    key: str
    name: str
    status: str
    rev: int
    source: str
    attributes: Mapping[str, Value]
    claims: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """An open edge as the graph has it; `endpoint` is the address it was seen at, if it came from a socket."""

    id: str
    type: str
    source: str
    target: str
    scope: str
    endpoint: str | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Known:
    """What the graph knows around one node.

    children: everything inside the host by class and local key, retired ones included.
    edges: open edges that start at the host or its children. incoming: open edges from other hosts that were seen at
    one of this host's addresses. listeners: services of other hosts, by endpoint key. placeholders: by (parent, key).
    uses: how many open edges point at a placeholder, by its id.
    """

    host: KnownCI | None
    children: Mapping[Ref, KnownCI] = field(default_factory=dict)
    scopes: Mapping[str, ScopeState] = field(default_factory=dict)
    edges: tuple[KnownEdge, ...] = ()
    incoming: tuple[KnownEdge, ...] = ()
    listeners: Mapping[str, str] = field(default_factory=dict)
    placeholders: Mapping[tuple[str | None, str], KnownCI] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)

    def ci(self, ref: Ref) -> KnownCI | None:
        """The CI a report means by `ref`: the host itself or a child, whatever its status."""
        return self.host if ref == SELF else self.children.get(ref)
