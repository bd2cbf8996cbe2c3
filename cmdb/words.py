"""The nouns every room speaks. Frozen, and each checks itself when made.

Only the standard library is imported here: these words also travel to hosts that carry the agent alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from cmdb.errors import DeclarationError, Invalid

Scalar = str | int | float | bool
Value = Scalar | tuple[str, ...] | None
AttributeType = Literal["string", "int", "float", "boolean", "datetime", "strings"]

WIRE_SCHEMA = 1
"""Version of the snapshot format between agents and the front door."""

RESERVED = frozenset(
    {
        "id", "class", "name", "status", "rev", "first_seen", "parent", "key", "source", "search", "valid_from",
        "stale_since", "merged_into",
    }
)  # fmt: skip
"""Properties every CI node carries; no class may declare an attribute of that name (except `name`)."""

SOURCES = ("override", "agent", "person", "import")
"""Kinds of source, best first: what a person overrides, what is seen, what a person wrote down, what was imported."""

_SNAKE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_UPPER = re.compile(r"[A-Z][A-Z0-9_]{0,62}")


def _sentence(text: str, owner: str) -> None:
    if len(text) < 8 or not text.endswith("."):
        raise DeclarationError(f"{owner} needs a sentence that ends with a full stop, not {text!r}")


# --- declarations ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attribute:
    """One declared value of a CI or a record: its type, its unit if it has one, and a sentence for people.

    `search` puts it into the full-text index; `index` gives it a lookup index of its own. `sources` says which kind of
    source is believed first, when the default order (`SOURCES`) is not right for it.
    """

    name: str
    type: AttributeType
    sentence: str
    unit: str | None = None
    search: bool = False
    index: bool = False
    required: bool = False
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _SNAKE.fullmatch(self.name):
            raise DeclarationError(f"attribute name {self.name!r} is not snake_case")
        if unknown := set(self.sources) - set(SOURCES):
            raise DeclarationError(f"attribute {self.name} names unknown sources {sorted(unknown)}")
        _sentence(self.sentence, f"attribute {self.name}")


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """One way to recognise a CI: all `keys` together must match. Rules are tried in their order, strongest first."""

    name: str
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise DeclarationError(f"identity rule {self.name} has no keys")


@dataclass(frozen=True, slots=True)
class Lease:
    """How long silence is borne: after `stale_hours` without a word a CI is stale, `retire_hours` later retired."""

    stale_hours: float = 24.0
    retire_hours: float = 30 * 24.0

    def __post_init__(self) -> None:
        if self.stale_hours <= 0 or self.retire_hours <= 0:
            raise DeclarationError("a lease lasts longer than nothing")


LOCAL_KEY = IdentityRule("parent and local key", ("parent", "key"))
"""How a thing inside a host is recognised: by its parent and a key unique there."""


@dataclass(frozen=True, slots=True)
class CIClass:
    """A class of configuration item; from this declaration come constraint, index, ingest check and GraphQL type.

    `contained_by` names the relation to its parent (direction dependent → dependency) when it lives inside a host.
    `lease` says when what nobody reports any more is stale, and when it is retired.
    """

    name: str
    plural: str
    sentence: str
    attributes: tuple[Attribute, ...]
    identity: tuple[IdentityRule, ...]
    contained_by: str | None = None
    lease: Lease = Lease()

    def __post_init__(self) -> None:
        if not _CAMEL.fullmatch(self.name):
            raise DeclarationError(f"class name {self.name!r} is not CamelCase")
        if not _SNAKE.fullmatch(self.plural):
            raise DeclarationError(f"plural {self.plural!r} of {self.name} is not snake_case")
        _sentence(self.sentence, f"class {self.name}")
        names = [a.name for a in self.attributes]
        if len(set(names)) != len(names):
            raise DeclarationError(f"class {self.name} declares an attribute twice")
        if taken := RESERVED & set(names):
            raise DeclarationError(f"class {self.name} uses reserved names: {', '.join(sorted(taken))}")
        if not self.identity:
            raise DeclarationError(f"class {self.name} has no identity rule: it could never be recognised again")
        known = {*names, "parent", "key", "node"}
        for rule in self.identity:
            if unknown := set(rule.keys) - known:
                raise DeclarationError(f"identity rule {rule.name!r} of {self.name} names unknown {unknown}")

    def attribute(self, name: str) -> Attribute | None:
        """The declared attribute of that name, or None."""
        return next((a for a in self.attributes if a.name == name), None)


class Failure(StrEnum):
    """How a failure of the dependency travels to the dependent along a relation."""

    HARD = "hard"  # dependency down → dependent down
    SOFT = "soft"  # dependency down → dependent degraded at worst
    NEVER = "never"  # recorded, and carries no failure


@dataclass(frozen=True, slots=True)
class RelationType:
    """A typed edge, always dependent → dependency; failure travels against the arrow, as `failure` says."""

    name: str
    sentence: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    failure: Failure

    def __post_init__(self) -> None:
        if not _UPPER.fullmatch(self.name):
            raise DeclarationError(f"relation name {self.name!r} is not UPPER_CASE")
        _sentence(self.sentence, f"relation {self.name}")
        if not self.sources or not self.targets:
            raise DeclarationError(f"relation {self.name} needs classes at both ends")


# --- what an agent says ------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Link:
    """One observed relation, dependent → dependency."""

    type: str
    source: Ref
    target: Ref
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be seen, and why. Silence never stands for absence."""

    what: str
    why: str


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
            "items": [
                {"class": i.cls, "key": i.key, "name": i.name, "attributes": _plain(i.attributes)} for i in self.items
            ],
            "links": [
                {
                    "type": k.type,
                    "from": {"class": k.source.cls, "key": k.source.key},
                    "to": {"class": k.target.cls, "key": k.target.key},
                    "evidence": {
                        "kind": k.evidence.kind,
                        "detail": k.evidence.detail,
                        "confidence": k.evidence.confidence,
                        "first_seen": k.evidence.first_seen,
                        "last_seen": k.evidence.last_seen,
                    },
                }
                for k in self.links
            ],
            "problems": [{"what": p.what, "why": p.why} for p in self.problems],
        }


def _plain(attributes: Mapping[str, Value]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in attributes.items() if v is not None}


def section_hash(wire: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a section's canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(wire, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


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


# --- who asks ----------------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a person or machine may do; each role is held on its own, only admin implies all."""

    VIEWER = "viewer"  # read everything
    ENGINEER = "engineer"  # viewer, and ask about impact, propose changes
    CHANGE_MANAGER = "change-manager"  # engineer, and reject changes
    APPROVER_FINANCIAL = "approver-financial"  # viewer, and approve for the budget
    APPROVER_TECHNICAL = "approver-technical"
    APPROVER_BUSINESS = "approver-business"
    ADMIN = "admin"  # everything, and people, tokens, agents, conflicts

    @property
    def implies(self) -> frozenset[Role]:
        """This role and all that it includes."""
        match self:
            case Role.ADMIN:
                return frozenset(Role)
            case Role.CHANGE_MANAGER:
                return frozenset({self, Role.ENGINEER, Role.VIEWER})
            case Role.VIEWER:
                return frozenset({self})
            case _:
                return frozenset({self, Role.VIEWER})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person's account name, and the roles held now (implied ones included)."""

    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether this principal holds `role`."""
        return role in self.roles


# --- process records ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of process record; its GraphQL type, list and history come from this declaration."""

    name: str
    plural: str
    prefix: str  # of its numbers: CHG gives CHG-1, CHG-2, …
    sentence: str
    states: tuple[str, ...]
    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        _sentence(self.sentence, f"record {self.name}")
        if not re.fullmatch(r"[A-Z]{2,5}", self.prefix):
            raise DeclarationError(f"prefix {self.prefix!r} of {self.name} is not 2 to 5 capitals")
        if taken := {"id", "number", "state", "rev", "history", "cis", "opened_by"} & {a.name for a in self.attributes}:
            raise DeclarationError(f"record {self.name} uses reserved names: {', '.join(sorted(taken))}")


@dataclass(frozen=True, slots=True)
class Record:
    """One process record as stored. `cis` are the ids of the CIs it is about; `rev` rises with each transition."""

    id: str
    number: str
    type: str
    state: str
    rev: int
    opened_by: str
    opened_at: str
    cis: tuple[str, ...]
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a process command concluded: the next state, the fields that change, and the line for the history."""

    state: str
    fields: Mapping[str, Value]
    reason: str
    cis: tuple[str, ...] | None = None  # given when a record is opened


@dataclass(frozen=True, slots=True)
class Command:
    """A process command: declared here, offered as a GraphQL mutation, decided by a pure-but-asking function.

    `decide(ask, record, arguments, actor, now)`: `ask(document, **variables)` puts a GraphQL question as the actor;
    `record` is None for a command that opens one; `now` is ISO 8601 UTC. It returns a Decision or raises.
    """

    name: str  # snake_case; the mutation is its camelCase
    sentence: str
    record: str
    arguments: tuple[Attribute, ...]
    roles: frozenset[Role]  # any one of these is enough
    opens: bool
    decide: Callable[..., Decision] = field(repr=False)

    def __post_init__(self) -> None:
        _sentence(self.sentence, f"command {self.name}")
        if not self.roles:
            raise DeclarationError(f"command {self.name} has no policy: name the roles that may give it")


@dataclass(frozen=True, slots=True)
class Process:
    """An ITSM process as a package of data: its records and its commands."""

    name: str
    sentence: str
    records: tuple[RecordType, ...]
    commands: tuple[Command, ...]

    def __post_init__(self) -> None:
        _sentence(self.sentence, f"process {self.name}")
        known = {r.name for r in self.records}
        for command in self.commands:
            if command.record not in known:
                raise DeclarationError(f"command {command.name} is about an unknown record {command.record}")
